"""The table to fill in: titles, two examples, and in the workbook what each column is for."""

from collections.abc import Sequence
from typing import IO

from flask_babel import gettext, lazy_gettext

from services.directory.rules.columns import NEEDED, TITLES
from services.directory.schemas.exports import WORDS
from shared.documents import DOCUMENT_TYPES
from shared.settings import LANGUAGES

COLUMNS = (
    *("document_type", "document_number", "name", "classes", "email", "more_emails", "phones"),
    *("street", "city", "region", "postal_code", "country", "language", "active", "notes"),
)
LAST_ROW = 50_000
WIDTHS = {"name": 34, "email": 30, "more_emails": 30, "street": 30, "notes": 44}
HELP = {
    "document_type": lazy_gettext("Colombia: CC, CE, NIT, PPT, PAS. Mexico: RFC, CURP."),
    "document_number": lazy_gettext("With or without dots. A NIT with its check digit. Whoever has it is updated."),
    "name": lazy_gettext("Of the person or the company."),
    "classes": lazy_gettext("Tenant, owner or both."),
    "email": lazy_gettext("The one to which letters go. Without it nothing can be sent."),
    "more_emails": lazy_gettext("Separated by semicolons."),
    "phones": lazy_gettext("Separated by semicolons. Of another country with + and the code of the country."),
    "street": lazy_gettext("Street and number."),
    "city": lazy_gettext("City or municipality."),
    "region": lazy_gettext("Department or state."),
    "postal_code": lazy_gettext("As text, so that zeros at the beginning stay."),
    "country": lazy_gettext("Two letters, for example CO or MX."),
    "language": lazy_gettext("Of the letters: es (Spanish) or en (English)."),
    "active": lazy_gettext("Yes or no. “No” deactivates the party, who then can no longer sign in."),
    "notes": lazy_gettext("Only the staff sees them."),
}
# The names begin as rules/tables.py expects of examples.
_EXAMPLES: dict[str, Sequence[dict[str, str]]] = {
    "es": (
        {"document_type": "CC", "document_number": "79.123.456", "name": "Ejemplo: Ana María Ríos Peña",
         "classes": "Inquilino", "email": "ana.rios@example.com", "phones": "300 123 4567",
         "street": "Calle 10 # 5-20, apto. 301", "city": "Bogotá", "region": "Cundinamarca", "postal_code": "110311",
         "country": "CO", "language": "es", "active": "Sí", "notes": "Esta fila es un ejemplo y no se importa."},
        {"document_type": "NIT", "document_number": "900.123.456-8", "name": "Ejemplo: Inversiones El Roble S.A.S.",
         "classes": "Ambos", "email": "pagos@example.com", "more_emails": "gerencia@example.com; archivo@example.com",
         "phones": "601 745 1234; +57 310 555 0199", "city": "Medellín", "region": "Antioquia",
         "postal_code": "050021", "country": "CO", "language": "es", "active": "Sí",
         "notes": "Las filas de ejemplo se pueden borrar o dejar."},
    ),
    "en": (
        {"document_type": "CC", "document_number": "79.123.456", "name": "Example: Ana María Ríos Peña",
         "classes": "Tenant", "email": "ana.rios@example.com", "phones": "300 123 4567",
         "street": "Calle 10 # 5-20, apto. 301", "city": "Bogotá", "region": "Cundinamarca", "postal_code": "110311",
         "country": "CO", "language": "en", "active": "Yes", "notes": "This row is an example and is not imported."},
        {"document_type": "NIT", "document_number": "900.123.456-8", "name": "Example: Inversiones El Roble S.A.S.",
         "classes": "Both", "email": "pagos@example.com", "more_emails": "gerencia@example.com; archivo@example.com",
         "phones": "601 745 1234; +57 310 555 0199", "city": "Medellín", "region": "Antioquia",
         "postal_code": "050021", "country": "CO", "language": "es", "active": "Yes",
         "notes": "Rows of examples can be removed or left."},
    ),
}  # fmt: skip


def template_header(language: str) -> list[str]:
    """The titles of the columns."""
    return [TITLES[language][name] for name in COLUMNS]


def template_rows(language: str) -> list[list[str]]:
    """The examples."""
    return [[example.get(name, "") for name in COLUMNS] for example in _EXAMPLES[language]]


def write_template(file: IO[bytes], language: str) -> None:
    """Write the workbook: notes at the titles, lists to choose from, and a sheet that explains the columns."""
    import xlsxwriter

    book = xlsxwriter.Workbook(file, {"in_memory": True})
    text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True})
    needed = book.add_format({"bold": True, "bg_color": "#FCE9BF"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    table = book.add_worksheet(gettext("Parties"))
    table.freeze_panes(1, 0)
    for number, (name, title) in enumerate(zip(COLUMNS, template_header(language), strict=True)):
        # As text, so that a spreadsheet takes no zeros away and makes no date of a number.
        table.set_column(number, number, WIDTHS.get(name, 20), text)
        table.write_string(0, number, title, needed if name in NEEDED else bold)
        table.write_comment(0, number, str(HELP[name]), {"x_scale": 1.6, "y_scale": 0.8})
        if name in (choices := _choices(language)):
            table.data_validation(1, number, LAST_ROW, number, {
                "validate": "list", "source": choices[name], "ignore_blank": True, "error_type": "warning",
                "error_title": title, "error_message": str(HELP[name])[:255],
            })  # fmt: skip
    for position, row in enumerate(template_rows(language), start=1):
        for number, cell in enumerate(row):
            table.write_string(position, number, cell, text)
    guide = book.add_worksheet(gettext("Columns"))
    guide.set_column(0, 1, 24)
    guide.set_column(2, 2, 80, wrapped)
    for number, title in enumerate((gettext("Column"), gettext("Needed"), gettext("What goes there"))):
        guide.write_string(0, number, title, bold)
    for position, name in enumerate(COLUMNS, start=1):
        guide.write_string(position, 0, TITLES[language][name])
        guide.write_string(position, 1, WORDS[language]["yes" if name in NEEDED else "no"])
        guide.write_string(position, 2, str(HELP[name]))
    book.close()


def _choices(language: str) -> dict[str, list[str]]:
    words = WORDS[language]
    return {
        "document_type": list(DOCUMENT_TYPES),
        "classes": [words["tenant"], words["owner"], words["both"]],
        "language": list(LANGUAGES),
        "active": [words["yes"], words["no"]],
    }
