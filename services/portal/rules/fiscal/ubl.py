"""Colombian UBL 2.1: an invoice or a credit note after DIAN's Anexo técnico 1.9, ready to be signed and sent.

What is *not* done here: sending it to DIAN, whose validation makes it an invoice; asking for the authorisation of
numbers; currencies other than COP; discounts and charges of the whole document; invoices without any price. Sellers'
and buyers' names go in as the portal knows them: DIAN compares them with the RUT and warns where they differ.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from lxml import etree
from lxml.builder import ElementMaker

from services.portal.rules.fiscal import cufe
from services.portal.rules.fiscal.parties import UblParty, account, customer, party_of, supplier
from services.portal.rules.fiscal.settings import Colombia, Incomplete
from services.portal.rules.fiscal.source import Source, code_of, require_plain_lines
from services.portal.rules.fiscal.vocabulary import AGENCY, CAC, CBC, EXT, NAMESPACES, STS, amount_of
from services.portal.rules.invoices import CREDIT_NOTE, Line, Tax
from services.portal.rules.money import rounded

TAXES = {"iva": "01", "inc": "04", "impoconsumo": "04", "ica": "03"}
WITHHOLDINGS = {
    "reteiva": "05",
    "retiva": "05",
    "retefuente": "06",
    "reterenta": "06",
    "retencionenlafuente": "06",
    "retenciónenlafuente": "06",
    "reteica": "07",
}
NAMES = {"01": "IVA", "03": "ICA", "04": "INC", "05": "ReteIVA", "06": "ReteRenta", "07": "ReteICA"}
RETEIVA = "05"
SERVICE_UNIT = "94"
"""Unidad, 13.3.6."""


@dataclass(frozen=True)
class Built:
    """A document without signature, and the code that names it."""

    content: bytes
    code: str
    qr: str


def build_ubl(source: Source, settings: Colombia) -> Built:
    """The document of an invoice or credit note. Raises Incomplete with what is missing."""
    require_plain_lines(source, "COP")
    _require(settings, source)
    number = document_number(source, settings)
    issuer, receiver = party_of(source.issuer), party_of(source.receiver)
    facts = cufe.Facts(
        number=number,
        date=source.issued_on.isoformat(),
        time=f"{source.moment:%H:%M:%S}-05:00",
        subtotal=source.subtotal,
        iva=_sum(source, cufe.IVA),
        inc=_sum(source, cufe.INC),
        ica=_sum(source, cufe.ICA),
        payable=source.subtotal + source.tax_total,
        issuer=issuer.number,
        receiver=receiver.number,
        environment=settings.environment,
    )
    is_note = source.kind == CREDIT_NOTE
    name = "CUDE" if is_note else "CUFE"
    code = cufe.cude(facts, settings.software_pin) if is_note else cufe.cufe(facts, settings.technical_key)
    qr = cufe.qr_text(facts, name, code)
    builder = _Builder(source, settings, facts, (issuer, receiver), (name, code, qr))
    content = etree.tostring(builder.root(), xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return Built(content, code, qr)


def document_number(source: Source, settings: Colombia) -> str:
    """The number as DIAN wants it, prefix and digits: FV-000123 is FV123. Raises Incomplete outside of the range."""
    if source.kind == CREDIT_NOTE:
        return re.sub(r"[^0-9A-Za-z]", "", source.number)
    digits = re.search(r"\d+$", source.number)
    if digits is None or not int(settings.first_number) <= int(digits.group()) <= int(settings.last_number):
        raise Incomplete("range", source.number)
    return f"{settings.prefix}{int(digits.group())}"


def _require(settings: Colombia, source: Source) -> None:
    wanted = ["software_id", "software_pin", "municipality", "department"]
    if source.kind != CREDIT_NOTE:
        wanted += ["technical_key", "resolution", "resolution_from", "resolution_until", "first_number", "last_number"]
    elif source.corrects is None:
        raise Incomplete("corrected")
    if missing := [name for name in wanted if not getattr(settings, name)]:
        raise Incomplete("settings", ", ".join(missing))
    if source.issuer.document_type != "NIT":
        raise Incomplete("issuer", source.issuer.document_type)


def _sum(source: Source, code: str) -> Decimal:
    taxes = (tax for line in source.lines for tax in line.taxes)
    return sum((tax.amount for tax in taxes if code_of(tax, TAXES) == code), Decimal(0))


def _reckoned(line: Line, charge: Tax, code: str) -> tuple[Decimal, Decimal]:
    """Base and rate as DIAN has them: those of ReteIVA are of the IVA (15 %), ours of the line's amount (2,85 %)."""
    iva = next((tax for tax in line.taxes if code_of(tax, TAXES) == cufe.IVA), None)
    if code == RETEIVA and iva and iva.rate:
        return iva.amount, rounded(charge.rate * 100 / iva.rate)
    return line.amount, charge.rate


class _Builder:
    """Puts the elements together in the order of the UBL schema."""

    def __init__(
        self,
        source: Source,
        settings: Colombia,
        facts: cufe.Facts,
        sides: tuple[UblParty, UblParty],
        code: tuple[str, str, str],
    ) -> None:
        self._source, self._settings, self._facts = source, settings, facts
        self._issuer, self._receiver = sides
        self._code_name, self._code, self._qr = code
        self._is_note = source.kind == CREDIT_NOTE

    def root(self) -> etree._Element:
        name = "CreditNote" if self._is_note else "Invoice"
        space = f"urn:oasis:names:specification:ubl:schema:xsd:{name}-2"
        maker = ElementMaker(namespace=space, nsmap=dict(NAMESPACES) | {None: space})
        return maker(name, *self._head(), *self._references(), *self._parties(), *self._money(), *self._lines())

    def _head(self) -> Iterator[etree._Element]:
        facts, source = self._facts, self._source
        yield EXT.UBLExtensions(
            EXT.UBLExtension(EXT.ExtensionContent(self._dian())),
            EXT.UBLExtension(EXT.ExtensionContent()),  # where the signature goes
        )
        yield CBC.UBLVersionID("UBL 2.1")
        yield CBC.CustomizationID("20" if self._is_note else "10")
        document = "Nota Crédito de Factura Electrónica de Venta" if self._is_note else "Factura Electrónica de Venta"
        yield CBC.ProfileID(f"DIAN 2.1: {document}")
        yield CBC.ProfileExecutionID(facts.environment)
        yield CBC.ID(facts.number)
        yield CBC.UUID(self._code, schemeID=facts.environment, schemeName=f"{self._code_name}-SHA384")
        yield CBC.IssueDate(facts.date)
        yield CBC.IssueTime(facts.time)
        if self._is_note:
            yield CBC.CreditNoteTypeCode("91")
        else:
            if source.due_on:
                yield CBC.DueDate(source.due_on.isoformat())
            yield CBC.InvoiceTypeCode("01")
        if source.notes.strip():
            yield CBC.Note(source.notes.strip())
        yield CBC.DocumentCurrencyCode(source.currency)
        yield CBC.LineCountNumeric(str(len(source.lines)))

    def _dian(self) -> etree._Element:
        settings = self._settings
        extensions = STS.DianExtensions()
        if not self._is_note:
            extensions.append(
                STS.InvoiceControl(
                    STS.InvoiceAuthorization(settings.resolution),
                    STS.AuthorizationPeriod(
                        CBC.StartDate(settings.resolution_from), CBC.EndDate(settings.resolution_until)
                    ),
                    STS.AuthorizedInvoices(
                        *([STS.Prefix(settings.prefix)] if settings.prefix else []),
                        STS.From(settings.first_number),
                        STS.To(settings.last_number),
                    ),
                )
            )
        country = "urn:oasis:names:specification:ubl:codelist:gc:CountryIdentificationCode-2.1"
        extensions.extend(
            [
                STS.InvoiceSource(
                    CBC.IdentificationCode(
                        "CO",
                        listAgencyID="6",
                        listAgencyName="United Nations Economic Commission for Europe",
                        listSchemeURI=country,
                    )
                ),
                STS.SoftwareProvider(
                    STS.ProviderID(self._issuer.number, self._issuer.scheme),
                    STS.SoftwareID(settings.software_id, AGENCY),
                ),
                STS.SoftwareSecurityCode(
                    cufe.software_security_code(settings.software_id, settings.software_pin, self._facts.number),
                    AGENCY,
                ),
                STS.AuthorizationProvider(
                    STS.AuthorizationProviderID("800197268", AGENCY | {"schemeID": "4", "schemeName": "31"})
                ),
                STS.QRCode(self._qr),
            ]
        )
        return extensions

    def _references(self) -> Iterator[etree._Element]:
        corrected = self._source.corrects
        if not self._is_note or corrected is None:
            return
        yield CAC.DiscrepancyResponse(
            CBC.ReferenceID(corrected.number),
            CBC.ResponseCode("5"),  # otros: the agency's reason is free text
            CBC.Description(self._source.reason or "-"),
        )
        yield CAC.BillingReference(
            CAC.InvoiceDocumentReference(
                CBC.ID(corrected.number),
                CBC.UUID(corrected.code, schemeName="CUFE-SHA384"),
                CBC.IssueDate(corrected.issued_on.isoformat()),
            )
        )

    def _parties(self) -> Iterator[etree._Element]:
        yield account("AccountingSupplierParty", self._settings.organisation, supplier(self._issuer, self._settings))
        kind = "1" if self._receiver.scheme_name == "31" else "2"
        yield account("AccountingCustomerParty", kind, customer(self._receiver))
        due = self._source.due_on
        on_credit = due is not None and due > self._source.issued_on and not self._is_note
        yield CAC.PaymentMeans(
            CBC.ID("2" if on_credit else "1"),
            CBC.PaymentMeansCode("1"),  # instrumento no definido
            *([CBC.PaymentDueDate(due.isoformat())] if due and on_credit else []),
        )

    def _money(self) -> Iterator[etree._Element]:
        source = self._source
        yield from self._totals("TaxTotal", [(line, line.taxes) for line in source.lines], TAXES)
        if not self._is_note:  # the schema of credit notes knows no withholdings
            withheld = [(line, line.withholdings) for line in source.lines]
            yield from self._totals("WithholdingTaxTotal", withheld, WITHHOLDINGS)
        taxed = sum((line.amount for line in source.lines if line.taxes), Decimal(0))
        yield CAC.LegalMonetaryTotal(
            amount_of("LineExtensionAmount", source.subtotal),
            amount_of("TaxExclusiveAmount", taxed),
            amount_of("TaxInclusiveAmount", source.subtotal + source.tax_total),
            amount_of("PayableAmount", source.subtotal + source.tax_total),
        )

    def _totals(
        self, name: str, charged: Iterable[tuple[Line, tuple[Tax, ...]]], codes: dict[str, str]
    ) -> Iterator[etree._Element]:
        """One element for each tax, with a part for each of its rates."""
        sums: dict[str, dict[Decimal, list[Decimal]]] = {}
        for line, charges in charged:
            for one in charges:
                code = code_of(one, codes)
                base, rate = _reckoned(line, one, code)
                both = sums.setdefault(code, {}).setdefault(rate, [Decimal(0), Decimal(0)])
                both[0] += base
                both[1] += one.amount
        for code, rates in sums.items():
            total = CAC(name, amount_of("TaxAmount", sum((tax for _, tax in rates.values()), Decimal(0))))
            for rate, (base, tax) in rates.items():
                total.append(
                    CAC.TaxSubtotal(
                        amount_of("TaxableAmount", base),
                        amount_of("TaxAmount", tax),
                        CAC.TaxCategory(CBC.Percent(f"{rate:f}"), CAC.TaxScheme(CBC.ID(code), CBC.Name(NAMES[code]))),
                    )
                )
            yield total

    def _lines(self) -> Iterator[etree._Element]:
        kind, quantity = (
            ("CreditNoteLine", "CreditedQuantity") if self._is_note else ("InvoiceLine", "InvoicedQuantity")
        )
        for position, line in enumerate(self._source.lines, 1):
            yield CAC(
                kind,
                CBC.ID(str(position)),
                CBC(quantity, f"{line.quantity:f}", unitCode=SERVICE_UNIT),
                amount_of("LineExtensionAmount", line.amount),
                CBC.FreeOfChargeIndicator("false"),
                *self._totals("TaxTotal", [(line, line.taxes)], TAXES),
                *(
                    []
                    if self._is_note
                    else self._totals("WithholdingTaxTotal", [(line, line.withholdings)], WITHHOLDINGS)
                ),
                CAC.Item(
                    CBC.Description(line.description),
                    CAC.StandardItemIdentification(CBC.ID(str(position), schemeID="999")),
                ),
                CAC.Price(
                    amount_of("PriceAmount", rounded(line.unit_price)),
                    CBC.BaseQuantity("1", unitCode=SERVICE_UNIT),
                ),
            )
