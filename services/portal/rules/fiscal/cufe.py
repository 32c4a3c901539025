"""DIAN's codes of a document: CUFE of an invoice, CUDE of a note, security code of the software, text of the QR.

After the Anexo técnico de factura electrónica de venta 1.9 (Resolución 000165 of 2023), chapter 11.
"""

import hashlib
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

PRODUCTION, TESTS = "1", "2"
VERIFY = {
    PRODUCTION: "https://catalogo-vpfe.dian.gov.co/document/searchqr?documentkey=",
    TESTS: "https://catalogo-vpfe-hab.dian.gov.co/document/searchqr?documentkey=",
}
"""Where everybody sees whether DIAN knows a document."""
IVA, ICA, INC = "01", "03", "04"
"""Codes of the taxes that are part of the code."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the code is made of. `issuer` and `receiver` are numbers without check digit; `time` is 10:53:10-05:00."""

    number: str
    date: str
    time: str
    subtotal: Decimal
    iva: Decimal
    inc: Decimal
    ica: Decimal
    payable: Decimal
    issuer: str
    receiver: str
    environment: str


def cufe(facts: Facts, technical_key: str) -> str:
    """The CUFE of an invoice: SHA-384 of its fields with the technical key of the range of numbers."""
    return _digest(facts, technical_key)


def cude(facts: Facts, software_pin: str) -> str:
    """The CUDE of a credit note: the same with the PIN of the software."""
    return _digest(facts, software_pin)


def _digest(facts: Facts, secret: str) -> str:
    taxes = (INC, facts.inc), (ICA, facts.ica)
    fields = [facts.number, facts.date, facts.time, money(facts.subtotal), IVA, money(facts.iva)]
    fields += [text for code, amount in taxes for text in (code, money(amount))]
    fields += [money(facts.payable), facts.issuer, facts.receiver, secret, facts.environment]
    return _sha384("".join(fields))


def software_security_code(software_id: str, software_pin: str, number: str) -> str:
    """What shows DIAN that a document comes from a registered software."""
    return _sha384(software_id + software_pin + number)


def qr_text(facts: Facts, name: str, code: str) -> str:
    """What the QR code of an invoice or note holds. `name` is CUFE or CUDE."""
    lines = [
        ("NumFac", facts.number),
        ("FecFac", facts.date),
        ("HorFac", facts.time),
        ("NitFac", facts.issuer),
        ("DocAdq", facts.receiver),
        ("ValFac", money(facts.subtotal)),
        ("ValIva", money(facts.iva)),
        ("ValOtroIm", money(facts.inc + facts.ica)),
        ("ValTolFac", money(facts.payable)),
        (name, code),
    ]
    return "\n".join([*(f"{label}: {value}" for label, value in lines), VERIFY[facts.environment] + code])


def money(amount: Decimal) -> str:
    """Two decimals, cut off, without separators: as every amount of the annex is written."""
    return f"{amount.quantize(Decimal('0.01'), ROUND_DOWN)}"


def _sha384(text: str) -> str:
    return hashlib.sha384(text.encode()).hexdigest()
