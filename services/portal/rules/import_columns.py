"""What the columns of a table of invoices are called, in Spanish and in English, and which field each one holds."""

import csv
from collections.abc import Sequence

from services.portal.rules.parties import search_key
from shared.sheets.text import DELIMITERS, UnusableFile

COLUMNS = (
    *("document_type", "document", "concept", "amount", "tax_rate", "due_on", "property", "period"),
    *("external_id", "role", "currency"),
)
NEEDED = ("document", "concept", "amount", "due_on")
TITLES = {
    "es": {
        "document_type": "Tipo de documento",
        "document": "Documento o código",
        "concept": "Concepto",
        "amount": "Valor",
        "tax_rate": "IVA %",
        "due_on": "Vencimiento",
        "property": "Inmueble",
        "period": "Periodo",
        "external_id": "Id externo",
        "role": "Clase de factura",
        "currency": "Moneda",
        "problem": "Problema",
    },
    "en": {
        "document_type": "Document type",
        "document": "Document or code",
        "concept": "Concept",
        "amount": "Amount",
        "tax_rate": "Tax %",
        "due_on": "Due date",
        "property": "Property",
        "period": "Period",
        "external_id": "External id",
        "role": "Kind of invoice",
        "currency": "Currency",
        "problem": "Problem",
    },
}
"""What we call the columns in the files that we write; `problem` says nothing when it comes back."""
_OTHER_TITLES = {
    "document_type": "tipo documento|tipo doc|tipo|doc type",
    "document": "documento|numero de documento|identificacion|cedula|nit|rfc|codigo|codigo de cliente|cliente|document"
    "|document number|client code|code",
    "concept": "descripcion|detalle|description",
    "amount": "monto|importe|base|subtotal|valor base|canon|total antes de iva",
    "tax_rate": "iva|impuesto|porcentaje iva|tax|tax rate|vat",
    "due_on": "fecha de vencimiento|vence|fecha vencimiento|due|due on",
    "property": "propiedad|direccion|apartamento",
    "period": "mes|periodo facturado|month",
    "external_id": "id|referencia|numero externo|reference",
    "role": "clase|rol|kind|role|class",
    "currency": "divisa",
}


def _known() -> dict[str, str]:
    known: dict[str, str] = {}
    for titles in TITLES.values():
        known |= {_key(title): name for name, title in titles.items()}
    for field, others in _OTHER_TITLES.items():
        known |= dict.fromkeys(others.split("|"), field)
    return known


def _key(title: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in search_key(title)).split())


_FIELD_OF = _known()


def fields_of(header: Sequence[str]) -> list[str]:
    """The field that each column holds, "" for none of ours. Raises UnusableFile if one is missing or there twice."""
    fields = [_FIELD_OF.get(_key(title), "") for title in header]
    missing = [name for name in NEEDED if name not in fields]
    if missing:
        raise UnusableFile("missing_columns", ",".join(missing))
    repeated = sorted({name for name in fields if name and fields.count(name) > 1})
    if repeated:
        raise UnusableFile("repeated_columns", ",".join(repeated))
    return fields


def in_order(fields: Sequence[str], cells: Sequence[str]) -> list[str]:
    """The cells of a row in the order of COLUMNS, whatever the order of the file."""
    found = dict(zip(fields, cells, strict=False))
    return [found.get(name, "").strip() for name in COLUMNS]


def find_delimiter(line: str) -> str:
    """The separator under which a header means most."""

    def meaning(delimiter: str) -> tuple[int, int]:
        cells = next(csv.reader([line], delimiter=delimiter), [])
        return sum(_key(cell) in _FIELD_OF for cell in cells), len(cells)

    return max(DELIMITERS, key=meaning)
