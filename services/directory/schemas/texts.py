"""The text for every reason why a field, a cell or a file is refused, in the reader's language."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext

from services.directory.rules.parties import Fault

_FAULTS = {
    "required": lazy_gettext("This is needed."),
    "too_long": lazy_gettext("At most %(hint)s characters."),
    "too_many": lazy_gettext("At most %(hint)s."),
    "unprintable": lazy_gettext("It contains characters that cannot be shown."),
    "document_type": lazy_gettext("The document type must be one of CC, CE, NIT, PPT, PAS, RFC, CURP."),
    "document_type_reason": lazy_gettext("The document type must be one of CC, CE, NIT, PPT, PAS, RFC, CURP."),
    "document_missing": lazy_gettext("This is needed."),
    "document_format": lazy_gettext("This number does not have the form that its document type asks for."),
    "document_length": lazy_gettext("This number is too short or too long for its document type."),
    "document_checksum": lazy_gettext("The check digit is wrong, so there is a typing mistake in the number."),
    "document_checksum_hint": lazy_gettext(
        "The check digit is wrong. If the rest of the number is right, it is %(hint)s."
    ),
    "document_check_digit_missing_hint": lazy_gettext(
        "A NIT ends with its check digit. If this number is right but without it, write %(hint)s."
    ),
    "class_hint": lazy_gettext("“%(hint)s” is not a class: write tenant, owner or both."),
    "class": lazy_gettext("Unknown class: write tenant, owner or both."),
    "email": lazy_gettext("This is not an e-mail address."),
    "duplicate_email": lazy_gettext("The same address is there twice."),
    "email_state": lazy_gettext("The state must be unverified, valid, bounced or blocked."),
    "several_principal": lazy_gettext("Only one address can be the principal one."),
    "language": lazy_gettext("The language must be Spanish (es) or English (en)."),
    "phone": lazy_gettext(
        "“%(hint)s” is not a telephone number. Write it whole, with its area code; of another country with + in front."
    ),
    "country": lazy_gettext("There is no such country: its two letters are needed, for example CO or MX."),
    "code": lazy_gettext("A code has letters, digits and . _ / - only."),
    "automatic_code": lazy_gettext(
        "Codes like C-000001 are given out automatically. Leave it empty or choose another form."
    ),
    "flag": lazy_gettext("“%(hint)s” is neither yes nor no."),
    "extra_cells": lazy_gettext(
        "The row has more cells than the header. Maybe a text with the separator lacks quotes."
    ),
    "line_break": lazy_gettext("The cell has a line break. Maybe a quotation mark was not closed."),
    "repeated_document": lazy_gettext("The same document is already in row %(hint)s of this file."),
    "other_code": lazy_gettext("This party has the code %(hint)s already, and codes do not change by import."),
    "code_taken": lazy_gettext("Another party has this code."),
    "no_email": lazy_gettext("No e-mail address: nothing can be sent to this party."),
    "shared_email": lazy_gettext("Another party has the same address."),
}

_FILES = {
    "empty": lazy_gettext("The file is empty."),
    "no_text": lazy_gettext("This is neither an Excel workbook (.xlsx) nor a CSV file."),
    "no_workbook": lazy_gettext("This is not an Excel workbook (.xlsx). Save the table as .xlsx or as CSV."),
    "old_workbook": lazy_gettext("This is a workbook of an old Excel (.xls). Save it as .xlsx and upload that file."),
    "encrypted": lazy_gettext("This workbook has a password. Save it without one and upload that file."),
    "broken_workbook": lazy_gettext("This Excel workbook is damaged. Open it, save it again, and upload that file."),
    "workbook_too_large": lazy_gettext(
        "This workbook is too large when it is unpacked. Divide it, or save the sheet as CSV."
    ),
    "no_column": lazy_gettext("The file has no such columns: %(hint)s."),
    "no_rows": lazy_gettext("The file has a header but no rows."),
    "broken": lazy_gettext("The file cannot be read from row %(row)s on. Maybe a quotation mark was not closed."),
    "missing_columns": lazy_gettext("These columns are missing: %(hint)s. The first row must name the columns."),
    "repeated_columns": lazy_gettext("These columns are there more than once: %(hint)s."),
    "internal": lazy_gettext("It was interrupted by an error on our side several times. Upload the file again."),
}

_COLUMNS = {
    "document_type": lazy_gettext("document type"),
    "document_number": lazy_gettext("document number"),
    "name": lazy_gettext("name"),
    "classes": lazy_gettext("class"),
    "last_name": lazy_gettext("surname"),
    "tenant": lazy_gettext("tenant"),
    "owner": lazy_gettext("owner"),
    "email": lazy_gettext("e-mail"),
    "more_emails": lazy_gettext("other e-mails"),
    "code": lazy_gettext("client code"),
    "street": lazy_gettext("address"),
    "city": lazy_gettext("city"),
    "region": lazy_gettext("region"),
    "postal_code": lazy_gettext("postal code"),
    "country": lazy_gettext("country"),
    "language": lazy_gettext("language"),
    "active": lazy_gettext("active"),
    "notes": lazy_gettext("notes"),
}


def fault_text(reason: str, hint: str = "") -> str:
    """Why a field or a cell is refused (or only noticed)."""
    text = _FAULTS.get(f"{reason}_hint") if hint else None
    text = text or _FAULTS.get(reason) or _FAULTS["document_format"]
    return str(text) % {"hint": hint}


def fault_errors(faults: Iterable[Fault]) -> list[dict[str, str]]:
    """Faults as the `errors` of a problem document."""
    return [{"field": fault.field, "message": fault_text(fault.reason, fault.hint)} for fault in faults]


def file_text(reason: str, hint: str = "", row: int | None = None) -> str:
    """Why a file as a whole is refused."""
    names = ", ".join(str(_COLUMNS.get(name, name)) for name in hint.split(",") if name)
    return str(_FILES.get(reason, _FILES["internal"])) % {"hint": names, "row": row if row is not None else "?"}


def mapping_text(reason: str, hint: str) -> str:
    """Why what somebody said about the columns cannot be: for the page on which they are said."""
    names = ", ".join(str(_COLUMNS.get(name, name)) for name in hint.split(","))
    if reason == "missing_columns":
        return gettext("Say which column holds: %(names)s.", names=names)
    return gettext("Only one column can hold: %(names)s.", names=names)


def problem_text(problem: Mapping[str, Any]) -> str:
    """The text of a stored problem of a row."""
    return fault_text(str(problem["reason"]), str(problem.get("hint", "")))
