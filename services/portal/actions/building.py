"""Building the fiscal document of an invoice, after the settings of the agency."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from services.portal.clients.fiscal_keys import FiscalKey
from services.portal.models import Agency, Invoice, Party
from services.portal.rules.fiscal.cfdi import Receiver, build_cfdi
from services.portal.rules.fiscal.reading import FiscalDocument
from services.portal.rules.fiscal.settings import SECRETS, Colombia, Incomplete, Mexico
from services.portal.rules.fiscal.signing import sign_ubl
from services.portal.rules.fiscal.source import Corrected, Person, Source
from services.portal.rules.fiscal.ubl import build_ubl
from services.portal.rules.invoices import load_lines
from services.portal.rules.parties import principal_address
from shared.audit import record_act
from shared.keyring import Keyring

COLOMBIA, MEXICO = "CO", "MX"
PURPOSE = "fiscal"
"""For which the secrets of the settings are sealed."""
ZONES = {COLOMBIA: "America/Bogota"}


@dataclass(frozen=True)
class Order:
    """What is built: an issued invoice of a party, and what it corrects, as that one's own document names it."""

    agency: Agency
    invoice: Invoice
    party: Party
    zone: str
    corrects: FiscalDocument | None = None


def build_document(order: Order, keyring: Keyring, receiver: Receiver, key: FiscalKey | None) -> bytes:
    """The XML for the country of the agency, signed where there is a key. Raises Incomplete with what is missing."""
    source = source_of(order)
    if order.agency.country == MEXICO:
        return build_cfdi(source, mexico_of(order.agency), receiver, (key.key, key.certificate) if key else None)
    content = build_ubl(source, colombia_of(order.agency, keyring)).content
    return sign_ubl(content, key.key, key.certificate) if key else content


def source_of(order: Order) -> Source:
    """The invoice as the builders want it. Raises Incomplete if it is not issued."""
    invoice, agency, party = order.invoice, order.agency, order.party
    if invoice.number is None or invoice.issued_on is None or invoice.issued_at is None:
        raise Incomplete("draft")
    zone = ZoneInfo(ZONES.get(agency.country, order.zone))
    corrects = order.corrects
    return Source(
        kind=invoice.kind,
        role=invoice.role,
        number=invoice.number,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        moment=invoice.issued_at.astimezone(UTC).astimezone(zone),
        currency=invoice.currency,
        lines=load_lines(invoice.lines),
        subtotal=invoice.subtotal,
        tax_total=invoice.tax_total,
        withholding_total=invoice.withholding_total,
        total=invoice.total,
        notes=invoice.notes,
        issuer=Person(
            document_type=agency.document_type,
            document_number=agency.document_number,
            name=agency.name,
            email=agency.email,
            phone=agency.phone,
            address=agency.address,
            city=agency.city,
            postal_code=agency.postal_code,
        ),
        receiver=Person(
            document_type=party.document_type,
            document_number=party.document_number,
            name=party.name,
            email=principal_address(party.emails) or "",
        ),
        corrects=Corrected(corrects.number, corrects.code, corrects.issued_on)
        if corrects and corrects.code and corrects.issued_on
        else None,
        reason=invoice.reason,
    )


def colombia_of(agency: Agency, keyring: Keyring) -> Colombia:
    """The settings for Colombia, their secrets opened."""
    stored = dict(agency.fiscal.get("co", {}))
    for name in SECRETS:
        if sealed := stored.get(name):
            stored[name] = keyring.decrypt(bytes.fromhex(sealed), PURPOSE).decode()
    return Colombia.load(stored)


def mexico_of(agency: Agency) -> Mexico:
    """The settings for Mexico."""
    return Mexico.load(agency.fiscal.get("mx", {}))


def save_colombia(session: Session, agency: Agency, given: Colombia, keyring: Keyring) -> None:
    """Keep the settings; the secrets lie in the database encrypted, as private keys do."""
    stored = given.dump()
    for name in SECRETS:
        if plain := stored[name]:
            stored[name] = keyring.encrypt(plain.encode(), PURPOSE).hex()
    _save(session, agency, {"co": stored})


def save_mexico(session: Session, agency: Agency, given: Mexico) -> None:
    """Keep the settings."""
    _save(session, agency, {"mx": given.dump()})


def _save(session: Session, agency: Agency, changed: Mapping[str, Any]) -> None:
    agency.fiscal = {**agency.fiscal, **changed}
    record_act(session, "portal", "agency.changed", subject="agency", details={"part": "fiscal"})
