"""Fiscal documents in words: what they say, why one was refused, and what is missing to build one."""

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation

from flask_babel import format_date, format_decimal, gettext

from services.portal.rules.fiscal.checks import Difference
from services.portal.rules.fiscal.reading import CFDI, FiscalDocument, UnreadableDocument
from services.portal.rules.fiscal.settings import Incomplete
from services.portal.rules.money import money_text
from shared.i18n import language


def name_of(document: FiscalDocument) -> str:
    """What kind of document it is."""
    is_invoice = document.kind == "invoice"
    if document.standard == CFDI:
        return gettext("CFDI 4.0, income") if is_invoice else gettext("CFDI 4.0, credit")
    return gettext("Electronic invoice (UBL 2.1)") if is_invoice else gettext("Electronic credit note (UBL 2.1)")


def facts_in_words(document: FiscalDocument) -> list[tuple[str, str]]:
    """What it says, as labels with texts."""
    return [
        (gettext("Kind"), name_of(document)),
        (gettext("Number"), document.number),
        (gettext("Issued by"), f"{document.issuer.tax_id} {document.issuer.name}".strip()),
        (gettext("Issued to"), f"{document.receiver.tax_id} {document.receiver.name}".strip()),
        (gettext("Total"), money_text(document.total, document.currency, language())),
        (gettext("Date"), format_date(document.issued_on, "long") if document.issued_on else ""),
        ("UUID" if document.standard == CFDI else "CUFE / CUDE", document.code),
        (gettext("Signature"), gettext("There is one") if document.signed else gettext("There is none")),
        (gettext("Authority"), _authority(document)),
    ]


def _authority(document: FiscalDocument) -> str:
    if document.standard == CFDI:
        return gettext("Stamped by a PAC") if document.validated else gettext("Not stamped: without fiscal effect yet")
    if document.validated:
        return gettext("With DIAN's answer: validated")
    return gettext("Without DIAN's answer in the file")


def unreadable_text(error: UnreadableDocument) -> str:
    """Why a file is no fiscal document."""
    texts: dict[str, Callable[[], str]] = {
        "large": lambda: gettext("This XML is larger than 5 MB. A fiscal document never is."),
        "doctype": lambda: gettext("This XML brings its own definitions (DTD, entities). Fiscal documents do not."),
        "encoding": lambda: gettext("This XML is written in an unusual encoding (%(hint)s).", hint=error.hint),
        "broken": lambda: gettext("This XML is damaged: %(hint)s", hint=error.hint),
        "other": lambda: gettext(
            "This XML is no CFDI and no invoice or credit note in UBL 2.1 (it is “%(hint)s”).", hint=error.hint
        ),
        "version": lambda: gettext("This CFDI has the version %(hint)s. Only 4.0 is taken.", hint=error.hint),
        "kind": lambda: gettext("This is no invoice and no credit note (its kind is “%(hint)s”).", hint=error.hint),
        "empty": lambda: gettext("This container (AttachedDocument) has no document in it."),
        "missing": lambda: gettext("This document does not say what it must: %(hint)s.", hint=error.hint),
    }
    return texts[error.reason]()


def difference_text(one: Difference) -> str:
    """A difference or a remark, as a sentence."""
    found, expected = _shown(one.about, one.found), _shown(one.about, one.expected)
    texts: dict[str, Callable[[], str]] = {
        "kind": lambda: gettext("Kind: it is “%(found)s”, it must be “%(expected)s”.", found=found, expected=expected),
        "total": lambda: gettext("Total: it says %(found)s, it must be %(expected)s.", found=found, expected=expected),
        "currency": lambda: gettext(
            "Currency: it is in %(found)s, the invoice in %(expected)s.", found=found, expected=expected
        ),
        "issuer": lambda: gettext(
            "Issuer: it was issued by %(found)s, the agency is %(expected)s.", found=found, expected=expected
        ),
        "receiver": lambda: gettext(
            "Receiver: it was issued to %(found)s, the client is %(expected)s.", found=found, expected=expected
        ),
        "number": lambda: gettext(
            "It has the number %(found)s, the invoice %(expected)s.", found=found or "—", expected=expected
        ),
        "date": lambda: gettext("It is of %(found)s, the invoice of %(expected)s.", found=found, expected=expected),
        "issuer_unset": lambda: gettext("Who issued it was not compared: the agency has no document number here yet."),
        "anybody": lambda: gettext(
            "It was issued to nobody in particular (%(found)s), not to the client.", found=found
        ),
        "withheld": lambda: gettext("Its total (%(found)s) has the withholdings taken off already.", found=found),
    }
    return texts[one.about]()


def _shown(about: str, value: str) -> str:
    if about in ("total", "withheld") and value:
        try:
            return str(format_decimal(Decimal(value), format="#,##0.00####"))
        except InvalidOperation:
            return value
    if about == "kind":
        return {"invoice": gettext("invoice"), "credit_note": gettext("credit note")}.get(value, value)
    return value


def incomplete_text(error: Incomplete) -> str:
    """Why a fiscal document cannot be built."""
    texts: dict[str, Callable[[], str]] = {
        "draft": lambda: gettext("Only what was issued gets a fiscal document."),
        "currency": lambda: gettext(
            "Documents are built only in the country's currency, not in %(hint)s.", hint=error.hint
        ),
        "line": lambda: gettext(
            "A line without description, price or quantity cannot be written: %(hint)s", hint=error.hint
        ),
        "charge": lambda: gettext("There is no official code for the tax or withholding “%(hint)s”.", hint=error.hint),
        "range": lambda: gettext("The number %(hint)s is not in the authorised range.", hint=error.hint),
        "settings": lambda: gettext("An administrator has to fill in: %(hint)s.", hint=_fields(error.hint)),
        "issuer": lambda: gettext("The agency needs its NIT (under “Agency”)."),
        "document": lambda: gettext("This document number is not valid: %(hint)s", hint=error.hint or "—"),
        "postal_code": lambda: gettext("The agency needs its postal code of five digits (under “Agency”)."),
        "receiver": lambda: gettext("Choose regime, use and way of payment of the receiver."),
        "receiver_postal_code": lambda: gettext("Write the receiver's postal code, five digits."),
        "corrected": lambda: gettext(
            "First attach or build the document of the invoice that this credit note corrects; its code is needed."
        ),
    }
    return texts[error.what]()


def _fields(names: str) -> str:
    labels = field_labels()
    return ", ".join(labels.get(name, name) for name in names.split(", "))


def field_labels() -> dict[str, str]:
    """The fiscal settings by the names of their fields."""
    return {
        "resolution": gettext("Number of the resolution"),
        "resolution_from": gettext("Valid from"),
        "resolution_until": gettext("Valid until"),
        "prefix": gettext("Prefix"),
        "first_number": gettext("First number"),
        "last_number": gettext("Last number"),
        "technical_key": gettext("Technical key"),
        "software_id": gettext("Software ID"),
        "software_pin": gettext("Software PIN"),
        "environment": gettext("Environment"),
        "organisation": gettext("Kind of person"),
        "tax_level": gettext("Fiscal responsibility"),
        "municipality": gettext("Municipality code"),
        "department": gettext("Department"),
        "regime": gettext("Fiscal regime"),
        "tenant_key": gettext("Product key of what tenants pay"),
        "owner_key": gettext("Product key of the commission"),
        "unit_key": gettext("Unit key"),
    }


def fault_text(fault: str) -> str:
    """What is wrong with a field of the fiscal settings."""
    return {
        "number": gettext("Only digits."),
        "date": gettext("This is no day. Write year, month and day, such as 2026-11-05."),
        "order": gettext("The end comes before the beginning."),
        "choice": gettext("Choose one."),
        "five_digits": gettext("Five digits, as DANE has them: 11001 is Bogotá."),
        "three_digits": gettext("Three digits, such as 601."),
        "eight_digits": gettext("Eight digits of SAT's catalogue, such as 80131500."),
        "unit": gettext("One to three capital letters or digits, such as E48."),
        "long": gettext("At most 200 characters."),
    }[fault]


def receiver_choices(
    regimes: Sequence[str], uses: Sequence[str], ways: Sequence[str]
) -> dict[str, list[tuple[str, str]]]:
    """The keys of SAT with its own names, which are Spanish in every language."""
    return {
        "regime": [(key, f"{key} {REGIMES[key]}") for key in regimes],
        "use": [(key, f"{key} {USES[key]}") for key in uses],
        "way": [(key, f"{key} {WAYS[key]}") for key in ways],
    }


REGIMES = {
    "601": "General de Ley Personas Morales",
    "603": "Personas Morales con Fines no Lucrativos",
    "605": "Sueldos y Salarios",
    "606": "Arrendamiento",
    "607": "Enajenación o Adquisición de Bienes",
    "608": "Demás ingresos",
    "610": "Residentes en el Extranjero",
    "611": "Dividendos",
    "612": "Personas Físicas con Actividades Empresariales y Profesionales",
    "614": "Ingresos por intereses",
    "615": "Ingresos por obtención de premios",
    "616": "Sin obligaciones fiscales",
    "620": "Sociedades Cooperativas de Producción",
    "621": "Incorporación Fiscal",
    "622": "Actividades Agrícolas, Ganaderas, Silvícolas y Pesqueras",
    "623": "Opcional para Grupos de Sociedades",
    "624": "Coordinados",
    "625": "Actividades Empresariales a través de Plataformas Tecnológicas",
    "626": "Régimen Simplificado de Confianza",
}
USES = {
    "G03": "Gastos en general",
    "I01": "Construcciones",
    "S01": "Sin efectos fiscales",
}
WAYS = {
    "01": "Efectivo",
    "02": "Cheque nominativo",
    "03": "Transferencia electrónica de fondos",
    "04": "Tarjeta de crédito",
    "28": "Tarjeta de débito",
    "99": "Por definir (se paga después)",
}
