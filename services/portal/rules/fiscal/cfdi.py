"""Mexican CFDI 4.0 (Anexo 20): an income or a credit voucher, sealed with the agency's CSD where there is one.

What is *not* done here: stamping it (a PAC does), cancelling it, complements of payment, currencies other than MXN, the
global invoice to the general public. Until a PAC stamped it, it is a draft without any effect.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509 import Certificate
from satcfdi.create.cfd import cfdi40
from satcfdi.models import Signer

from services.portal.rules.fiscal.settings import Incomplete, Mexico
from services.portal.rules.fiscal.signing import der
from services.portal.rules.fiscal.source import Person, Source, code_of, require_plain_lines
from services.portal.rules.invoices import CREDIT_NOTE, Line, Tax
from shared.documents import BadDocument, document_key

TAXES = {"iva": "002", "ieps": "003"}
WITHHOLDINGS = {
    "isr": "001",
    "retisr": "001",
    "retiva": "002",
    "iva": "002",
    "retencióniva": "002",
    "retencioniva": "002",
}
REGIMES = (
    "601", "603", "605", "606", "607", "608", "610", "611", "612", "614", "615", "616", "620", "621", "622", "623",
    "624", "625", "626",
)  # fmt: skip
"""c_RegimenFiscal."""
USES = ("G03", "I01", "S01")
"""c_UsoCFDI, those that rent and commissions are used for."""
PAID_WAYS = ("01", "02", "03", "04", "28", "99")
"""c_FormaPago: cash, cheque, transfer, credit card, debit card, to be said later."""
PUBLIC_RFC = "XAXX010101000"


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """What SAT knows of the receiver; without an RFC it is the general public."""

    rfc: str = ""
    regime: str = "616"
    use: str = "S01"
    postal_code: str = ""
    way: str = "99"
    """99: paid later (PPD); another one: paid at once (PUE)."""


def receiver_of(source: Source, given: Receiver) -> Receiver:
    """The receiver with the RFC of the client, where that is the client's document. Raises Incomplete."""
    rfc = given.rfc.strip().upper() or (
        source.receiver.document_number if source.receiver.document_type == "RFC" else PUBLIC_RFC
    )
    if rfc == PUBLIC_RFC:
        return Receiver(rfc=rfc, regime="616", use="S01", postal_code=source.issuer.postal_code, way=given.way)
    if given.regime not in REGIMES or given.use not in USES or given.way not in PAID_WAYS:
        raise Incomplete("receiver", rfc)
    if len(given.postal_code) != 5 or not given.postal_code.isdigit():
        raise Incomplete("receiver_postal_code", given.postal_code)
    return Receiver(rfc=_rfc(rfc), regime=given.regime, use=given.use, postal_code=given.postal_code, way=given.way)


def build_cfdi(
    source: Source,
    settings: Mexico,
    given: Receiver,
    key: tuple[RSAPrivateKey, Certificate] | None = None,
) -> bytes:
    """The voucher as XML, sealed where a key is given. Raises Incomplete with what is missing."""
    require_plain_lines(source, "MXN")
    issuer = source.issuer
    if not settings.regime:
        raise Incomplete("settings", "regime")
    if len(issuer.postal_code) != 5:
        raise Incomplete("postal_code", issuer.postal_code)
    is_note = source.kind == CREDIT_NOTE
    if is_note and source.corrects is None:
        raise Incomplete("corrected")
    receiver = receiver_of(source, given)
    later = receiver.way == "99" and not is_note
    series, folio = _series_and_folio(source.number)
    voucher = cfdi40.Comprobante(
        emisor=cfdi40.Emisor(rfc=_rfc(issuer.document_number), nombre=_name(issuer), regimen_fiscal=settings.regime),
        lugar_expedicion=issuer.postal_code,
        receptor=cfdi40.Receptor(
            rfc=receiver.rfc,
            nombre="PUBLICO EN GENERAL" if receiver.rfc == PUBLIC_RFC else _name(source.receiver),
            domicilio_fiscal_receptor=receiver.postal_code,
            regimen_fiscal_receptor=receiver.regime,
            uso_cfdi="G02" if is_note and receiver.rfc != PUBLIC_RFC else receiver.use,
        ),
        conceptos=[_concept(line, settings, source.role) for line in source.lines],
        moneda="MXN",
        tipo_de_comprobante="E" if is_note else "I",
        serie=series or None,
        folio=folio,
        forma_pago="99" if later else "15" if is_note else receiver.way,
        metodo_pago="PPD" if later else "PUE",
        cfdi_relacionados=cfdi40.CfdiRelacionados("01", [source.corrects.code])
        if is_note and source.corrects
        else None,
        fecha=_moment(source),
    )
    _agree(voucher, source)
    if key:
        voucher.sign(_signer(*key))
    return bytes(voucher.xml_bytes())


def _concept(line: Line, settings: Mexico, role: str) -> cfdi40.Concepto:
    charged: dict[str, list[dict[str, object]]] = {}
    for name, charges, codes in (("Traslados", line.taxes, TAXES), ("Retenciones", line.withholdings, WITHHOLDINGS)):
        if charges:
            charged[name] = [_tax(line, charge, codes) for charge in charges]
    return cfdi40.Concepto(
        clave_prod_serv=settings.owner_key if role == "owner" else settings.tenant_key,
        cantidad=line.quantity,
        clave_unidad=settings.unit_key,
        descripcion=line.description[:1000],
        valor_unitario=line.unit_price,
        objeto_imp="02" if charged else "01",
        impuestos=charged or None,
    )


def _tax(line: Line, charge: Tax, codes: dict[str, str]) -> dict[str, object]:
    return {
        "Base": line.amount,
        "Impuesto": code_of(charge, codes),
        "TipoFactor": "Tasa",
        "TasaOCuota": (charge.rate / 100).quantize(Decimal("0.000001")),
        "Importe": charge.amount,
    }


def _agree(voucher: cfdi40.Comprobante, source: Source) -> None:
    """Let it say to the cent what the invoice says: the library rounds a half to the even cent, we away from zero."""
    for concept, line in zip(voucher["Conceptos"], source.lines, strict=True):
        concept["Importe"] = line.amount
    voucher["SubTotal"], voucher["Total"] = source.subtotal, source.total


def _series_and_folio(number: str) -> tuple[str, str]:
    """FV-000123 is folio 123 of the series FV."""
    found = re.fullmatch(r"(.*?)[-\s/]*0*(\d+)", number)
    return (found.group(1)[:25], found.group(2)[:40]) if found else ("", number[:40])


def _moment(source: Source) -> datetime:
    return source.moment.replace(tzinfo=None, microsecond=0)


def _name(person: Person) -> str:
    """In capital letters, as SAT's register has names."""
    return " ".join(person.name.upper().split())[:254]


def _rfc(text: str) -> str:
    try:
        return document_key("RFC", text)
    except BadDocument:
        raise Incomplete("document", f"RFC {text}".strip()) from None


def _signer(key: RSAPrivateKey, certificate: Certificate) -> Signer:
    from OpenSSL import crypto

    return Signer(certificate=crypto.load_certificate(crypto.FILETYPE_ASN1, der(certificate)), key=key)
