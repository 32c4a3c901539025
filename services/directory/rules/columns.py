"""What the columns of a table of parties are called, in Spanish and in English, and which field each one holds."""

import csv
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from services.directory.rules.parties import search_text
from shared.sheets.text import DELIMITERS, UnusableFile

TITLES = {
    "es": {
        "code": "Código",
        "document_type": "Tipo de documento",
        "document_number": "Número de documento",
        "name": "Nombre",
        "last_name": "Apellidos",
        "classes": "Clase",
        "tenant": "Inquilino",
        "owner": "Propietario",
        "email": "Correo",
        "more_emails": "Otros correos",
        "phones": "Teléfonos",
        "street": "Dirección",
        "city": "Ciudad",
        "region": "Departamento",
        "postal_code": "Código postal",
        "country": "País",
        "language": "Idioma",
        "active": "Activo",
        "notes": "Notas",
        "email_state": "Estado del correo",
        "problem": "Problema",
    },
    "en": {
        "code": "Client code",
        "document_type": "Document type",
        "document_number": "Document number",
        "name": "Name",
        "last_name": "Last name",
        "classes": "Class",
        "tenant": "Tenant",
        "owner": "Owner",
        "email": "E-mail",
        "more_emails": "Other e-mails",
        "phones": "Phones",
        "street": "Address",
        "city": "City",
        "region": "Region",
        "postal_code": "Postal code",
        "country": "Country",
        "language": "Language",
        "active": "Active",
        "notes": "Notes",
        "email_state": "E-mail state",
        "problem": "Problem",
    },
}
"""What we call the columns in the files that we write; every one is understood again when it comes back."""
OWN = frozenset({"email_state", "problem"})
"""Columns that only our own files have and that say nothing when they come back."""
FIELDS = tuple(name for name in TITLES["es"] if name not in OWN)
"""What a column can hold, in the order in which people look for it."""
NEEDED = ("document_type", "document_number", "name", "classes")

_HEADINGS = {
    "document_type": "document type|doc type|id type|tipo de documento|tipo documento|tipo doc|tipo de identificacion|"
    "tipo identificacion|tipo id|tipo",
    "document_number": "document number|document|documento|numero de documento|numero documento|no documento|"
    "nro documento|num documento|no de documento|nro de documento|n documento|identificacion|"
    "numero de identificacion|numero identificacion|cedula|nit|cedula nit|documento cedula nit|doc|id number|"
    "documento de identidad|documento de identificacion|cedula o nit|nit o cedula|numero de cedula|cc|c c",
    "name": "name|full name|first name|nombre|nombres|nombre completo|nombre o razon social|razon social|"
    "nombres y apellidos|nombre y apellido|nombre y apellidos|tercero|nombre del tercero|cliente",
    "last_name": "last name|surname|apellido|apellidos",
    "classes": "classes|class|clase|clases|clase de tercero|tipo de tercero|tipo tercero|perfil|rol|role",
    "tenant": "tenant|inquilino|arrendatario|es inquilino",
    "owner": "owner|propietario|es propietario|dueno",
    "email": "email|e mail|mail|emails|e mails|email address|principal email|correo|correos|correo electronico|"
    "correos electronicos|correo principal|direccion de correo|email principal|correo e",
    "more_emails": "other emails|other e mails|email 2|email 3|secondary email|correo 2|correo 3|otros correos|"
    "correo alterno|correo adicional|correos adicionales|correo secundario",
    "phones": "phone|phones|phone number|mobile|telephone|phone 2|telefono|telefonos|celular|movil|telefono 2|"
    "telefono fijo|celular 2",
    "code": "code|client code|codigo|codigo de cliente|codigo cliente",
    "street": "address|street|postal address|direccion|domicilio|calle|direccion postal",
    "city": "city|ciudad|municipio",
    "region": "region|province|departamento|provincia|entidad federativa",
    "postal_code": "postal code|zip|zip code|codigo postal|cp|c p",
    "country": "country|pais",
    "language": "language|idioma|lengua",
    "active": "active|activo|activa",
    "notes": "notes|notas|nota|observaciones|comentarios",
    "email_state": "e mail state|email state|estado del correo",
    "problem": "problem|problema",
}
_FIELD_OF = {heading: name for name, headings in _HEADINGS.items() for heading in headings.split("|")}
_REPEATABLE = frozenset({"more_emails", "phones"}) | OWN


@dataclass(frozen=True)
class Columns:
    """Which field each column of a file holds ("" = none of ours), and how the file calls it."""

    header: Sequence[str]
    fields: Sequence[str]

    def title(self, name: str) -> str:
        """What the file calls the column of a field; the field's own name if the file has none."""
        root = name.split(".", maxsplit=1)[0]
        wanted = {
            "emails": ("email", "more_emails"),
            "address": (name.rpartition(".")[2],),
            "classes": ("classes", "tenant", "owner"),
        }
        for candidate in wanted.get(root, (root,)):
            if candidate in self.fields:
                return str(self.header[self.fields.index(candidate)])
        return root

    @property
    def unused(self) -> list[str]:
        """Columns that mean nothing to us."""
        return [title for title, name in zip(self.header, self.fields, strict=True) if not name and title.strip()]


@lru_cache(maxsize=64)
def _field_of(heading: str) -> str:
    return _FIELD_OF.get(re.sub(r"[^a-z0-9]+", " ", search_text(heading)).strip(), "")


def columns_of(header: Sequence[str]) -> Columns:
    """The meaning of a header row by the names in it."""
    return Columns(list(header), [_field_of(heading) for heading in header])


def map_titles(header: Sequence[str], mapping: Mapping[str, str]) -> list[str]:
    """The field of each column: of those that `mapping` names by their title as it says, of others by their name.

    Raises UnusableFile for a title that the header does not have.
    """
    said = {search_text(title): name for title, name in mapping.items()}
    titles = [search_text(title) for title in header]
    if unknown := [title for title in mapping if search_text(title) not in titles]:
        raise UnusableFile("no_column", ",".join(unknown))
    return [said.get(title, named) for title, named in zip(titles, columns_of(header).fields, strict=True)]


def mapped_fields(header: Sequence[str], fields: Sequence[str]) -> list[str]:
    """Those of the fields that are remembered with `signature_of` the header: columns of our own have none."""
    return [name for title, name in zip(header, fields, strict=True) if _field_of(title) not in OWN]


def fields_again(header: Sequence[str], remembered: Sequence[str]) -> list[str]:
    """The field of each column of a header with the signature under which these were remembered."""
    rest = iter(remembered)
    return [own if (own := _field_of(title)) in OWN else next(rest) for title in header]


def signature_of(header: Sequence[str]) -> str:
    """What headers have in common that are mapped alike: the titles in their order, however they are capitalised.

    Columns of our own do not count: a file of problem rows is mapped like the file from which they come.
    """
    titles = [search_text(title) for title in header if _field_of(title) not in OWN]
    return hashlib.sha256("\n".join(titles).encode()).hexdigest()


def find_delimiter(lines: Sequence[str]) -> str:
    """The separator under which the header means most."""

    def meaning(delimiter: str) -> tuple[int, int]:
        cells = next(csv.reader(lines[:1], delimiter=delimiter), [])
        return sum(bool(_field_of(cell)) for cell in cells), len(cells)

    return max(DELIMITERS, key=meaning)


def require_columns(columns: Columns, *, has_document_type: bool, has_classes: bool) -> None:
    """Raises UnusableFile if columns are missing that no default stands in for, or one is there twice."""
    held = set(columns.fields)
    missing = [name for name in ("document_number", "name") if name not in held]
    if not has_document_type and "document_type" not in held:
        missing.append("document_type")
    if not has_classes and not held & {"classes", "tenant", "owner"}:
        missing.append("classes")
    if missing:
        raise UnusableFile("missing_columns", ",".join(missing))
    repeated = {name for name in held - _REPEATABLE - {""} if list(columns.fields).count(name) > 1}
    if repeated:
        raise UnusableFile("repeated_columns", ",".join(sorted(repeated)))
