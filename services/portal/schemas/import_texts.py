"""Imports of invoices in words: states, what is wrong with a file or a row, and the examples of the template."""

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l

from services.portal.rules.import_columns import COLUMNS, TITLES
from shared.i18n import language
from shared.web.look import State

IMPORT_STATES: dict[str, State] = {
    "reading": (_l("Being read"), "busy", "arrow-clockwise"),
    "ready": (_l("Waits for you"), "waiting", "hourglass-split"),
    "applying": (_l("Being issued"), "busy", "arrow-clockwise"),
    "finished": (_l("Finished"), "good", "check-circle"),
    "cancelled": (_l("Cancelled"), "off", "x-circle"),
    "unreadable": (_l("Cannot be read"), "bad", "exclamation-triangle"),
}
_ROW_PROBLEMS = {
    "missing": _l("This is missing."),
    "too_long": _l("At most %(hint)s characters."),
    "document_type": _l("There is no such document type. Write CC, CE, NIT, PPT, PAS, RFC or CURP."),
    "document_unknown": _l("No client has this document or code. Register them in the directory first."),
    "document_ambiguous": _l("Several clients have this number: name the document type."),
    "amount_empty": _l("This is missing."),
    "amount_not_a_number": _l("This is no amount."),
    "amount_too_precise": _l("An amount has two decimals at most."),
    "amount_too_large": _l("This amount is too large."),
    "amount_not_positive": _l("An invoice is for more than nothing."),
    "rate": _l("This is no rate: a number from 0 to 100."),
    "day": _l("This is no day: write it such as 2026-11-05 or 05/11/2026."),
    "period": _l("This is no month: write it such as 2026-11."),
    "role": _l("Write “arriendo” or “comisión”."),
    "currency": _l("Write COP, MXN, USD or EUR."),
    "repeated": _l("The same as row %(hint)s. If both are meant, give each an external id of its own."),
    "number_taken": _l("The next number of the series is taken by another invoice."),
    "series_exhausted": _l("No series of invoices has a number left."),
    "differs": _l("This external id was used before for another invoice."),
}
_EXAMPLES: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "es": (
        {"document_type": "CC", "document": "79.123.456", "concept": "Ejemplo: canon de arrendamiento noviembre",
         "amount": "1.850.000", "due_on": "2026-11-05", "property": "Apartamento 301, Edificio El Roble",
         "period": "2026-11", "role": "arriendo", "currency": "COP"},
        {"document_type": "NIT", "document": "900.123.456-8", "concept": "Ejemplo: comisión de administración",
         "amount": "185.000", "tax_rate": "19", "due_on": "2026-11-10", "period": "2026-11", "external_id": "COM-0911",
         "role": "comisión", "currency": "COP"},
    ),
    "en": (
        {"document_type": "CC", "document": "79.123.456", "concept": "Example: rent of November",
         "amount": "1850000", "due_on": "2026-11-05", "property": "Apartment 301, El Roble",
         "period": "2026-11", "role": "rent", "currency": "COP"},
        {"document_type": "NIT", "document": "900.123.456-8", "concept": "Example: commission of November",
         "amount": "185000", "tax_rate": "19", "due_on": "2026-11-10", "period": "2026-11", "external_id": "COM-0911",
         "role": "commission", "currency": "COP"},
    ),
}  # fmt: skip


def template_rows(chosen: str) -> list[list[str]]:
    """The examples of the template; an import leaves them out."""
    return [[example.get(name, "") for name in COLUMNS] for example in _EXAMPLES[chosen]]


def row_problem_text(problem: Mapping[str, str], *, with_column: bool = False) -> str:
    """What is wrong with a row, in the reader's language."""
    text = str(_ROW_PROBLEMS.get(problem["reason"], problem["reason"])) % {"hint": problem["hint"]}
    title = TITLES[language()].get(problem["column"], "")
    return f"{title}: {text}" if with_column and title else text


def file_problem_text(reason: str, hint: str = "") -> str:
    """Why a file cannot be used. `hint`: names of columns, or the row where it broke."""
    names = ", ".join(TITLES[language()].get(name, name) for name in hint.split(",") if name)
    texts = {
        "empty": _l("There is nothing in the file below the names of the columns."),
        "no_rows": _l("There is nothing in the file below the names of the columns."),
        "missing_columns": _l("These columns are missing: %(names)s. The template has them all.", names=names),
        "repeated_columns": _l("These columns are there twice: %(names)s.", names=names),
        "encrypted": _l("The workbook is protected with a password. Save it without one."),
        "old_workbook": _l("This is an old workbook (.xls). Save it as .xlsx or as CSV."),
        "workbook_too_large": _l("The workbook is too large to be read. Save it as CSV."),
        "broken": _l("The file cannot be read beyond row %(row)s.", row=hint or "?"),
        "internal": _l("The file could not be read because of a fault in Portería. Save it as CSV and try again."),
    }
    otherwise = _l("This is no table: upload an Excel workbook (.xlsx) or a CSV file.")
    return str(texts.get(reason, otherwise))
