"""Who sells and who buys in a Colombian document, as UBL writes it."""

from copy import deepcopy
from dataclasses import dataclass

from lxml import etree

from services.portal.rules.fiscal.settings import Colombia, Incomplete
from services.portal.rules.fiscal.source import Person
from services.portal.rules.fiscal.vocabulary import AGENCY, CAC, CBC
from shared.documents import BadDocument, document_key

SCHEMES = {"CC": "13", "CE": "22", "NIT": "31", "PAS": "41", "PPT": "48", "RFC": "42", "CURP": "42"}
"""Kinds of documents, 13.2.1; the Mexican ones are foreign documents."""


@dataclass(frozen=True)
class UblParty:
    """A person with its number as DIAN writes it: a NIT without its check digit, which stands beside it."""

    person: Person
    number: str
    scheme_name: str
    check_digit: str = ""

    @property
    def scheme(self) -> dict[str, str]:
        """The attributes of the number."""
        digit = {"schemeID": self.check_digit} if self.check_digit else {}
        return AGENCY | digit | {"schemeName": self.scheme_name}


def party_of(person: Person) -> UblParty:
    """The person as a party. Raises Incomplete if its document is not one."""
    try:
        key = document_key(person.document_type, person.document_number)
    except BadDocument:
        raise Incomplete("document", f"{person.document_type} {person.document_number}".strip()) from None
    scheme = SCHEMES[person.document_type]
    return UblParty(person, key[:-1], scheme, key[-1]) if scheme == "31" else UblParty(person, key, scheme)


def account(name: str, organisation: str, party: etree._Element) -> etree._Element:
    """A party in its part: `organisation` 1 is a company, 2 a natural person."""
    return CAC(name, CBC.AdditionalAccountID(organisation), party)


def supplier(party: UblParty, settings: Colombia) -> etree._Element:
    """The agency, with its address."""
    person = party.person
    address = (
        CBC.ID(settings.municipality),
        CBC.CityName(person.city),
        *([CBC.PostalZone(person.postal_code)] if person.postal_code else []),
        CBC.CountrySubentity(settings.department),
        CBC.CountrySubentityCode(settings.municipality[:2]),
        CAC.AddressLine(CBC.Line(person.address or person.city)),
        CAC.Country(CBC.IdentificationCode("CO"), CBC.Name("Colombia", languageID="es")),
    )
    scheme = CAC.TaxScheme(CBC.ID("01"), CBC.Name("IVA"))
    legal = CAC.PartyLegalEntity(CBC.RegistrationName(person.name), _company_id(party))
    if settings.prefix:
        legal.append(CAC.CorporateRegistrationScheme(CBC.ID(settings.prefix)))
    return CAC.Party(
        CAC.PartyName(CBC.Name(person.name)),
        CAC.PhysicalLocation(CAC.Address(*address)),
        CAC.PartyTaxScheme(
            CBC.RegistrationName(person.name),
            _company_id(party),
            CBC.TaxLevelCode(settings.tax_level),
            CAC.RegistrationAddress(*deepcopy(address)),
            scheme,
        ),
        legal,
        *_contact(person),
    )


def customer(party: UblParty) -> etree._Element:
    """A client; the portal knows no address of theirs, and the annex demands none."""
    person = party.person
    return CAC.Party(
        CAC.PartyIdentification(CBC.ID(party.number, party.scheme)),
        CAC.PartyName(CBC.Name(person.name)),
        CAC.PartyTaxScheme(
            CBC.RegistrationName(person.name),
            _company_id(party),
            CBC.TaxLevelCode("R-99-PN"),
            CAC.TaxScheme(CBC.ID("ZZ"), CBC.Name("No aplica")),
        ),
        CAC.PartyLegalEntity(CBC.RegistrationName(person.name), _company_id(party)),
        *_contact(person),
    )


def _company_id(party: UblParty) -> etree._Element:
    return CBC.CompanyID(party.number, party.scheme)


def _contact(person: Person) -> list[etree._Element]:
    told = []
    if person.phone:
        told.append(CBC.Telephone(person.phone))
    if person.email:
        told.append(CBC.ElectronicMail(person.email))
    return [CAC.Contact(*told)] if told else []
