"""What the columns and cells of a table of parties mean, in Spanish and in English."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from services.directory.rules.files import DELIMITERS, UnusableFile
from services.directory.rules.parties import Fault, plain_text, search_text

_HEADINGS = {
    "document_type": "document type|doc type|id type|tipo de documento|tipo documento|tipo doc|tipo de identificacion|"
    "tipo identificacion|tipo id|tipo",
    "document_number": "document number|document|documento|numero de documento|numero documento|no documento|"
    "nro documento|num documento|no de documento|nro de documento|n documento|identificacion|"
    "numero de identificacion|numero identificacion|cedula|nit|cedula nit|documento cedula nit|doc|id number|"
    "documento de identidad|documento de identificacion",
    "name": "name|full name|first name|nombre|nombres|nombre completo|nombre o razon social|razon social|"
    "nombres y apellidos|nombre y apellido|nombre y apellidos|tercero|nombre del tercero|cliente",
    "last_name": "last name|surname|apellido|apellidos",
    "classes": "classes|class|clase|clases|clase de tercero|tipo de tercero|tipo tercero|perfil|rol|role",
    "tenant": "tenant|inquilino|arrendatario|es inquilino",
    "owner": "owner|propietario|es propietario|dueno",
    "email": "email|e mail|mail|emails|e mails|email address|principal email|correo|correos|correo electronico|"
    "correos electronicos|correo principal|direccion de correo|email principal|correo e",
    "more_emails": "other emails|email 2|email 3|secondary email|correo 2|correo 3|otros correos|correo alterno|"
    "correo adicional|correos adicionales|correo secundario",
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
}
_FIELD_OF = {heading: name for name, headings in _HEADINGS.items() for heading in headings.split("|")}
_REPEATABLE = frozenset({"more_emails", "phones"})
_SEVERAL_LINES = frozenset({"street", "notes"})

_DOCUMENT_WORDS = {
    "cedula": "CC",
    "cedula de ciudadania": "CC",
    "ciudadania": "CC",
    "cedula de extranjeria": "CE",
    "extranjeria": "CE",
    "pasaporte": "PAS",
    "passport": "PAS",
    "permiso por proteccion temporal": "PPT",
}
_CLASS_WORDS = {
    "tenant": ("tenant",), "tenants": ("tenant",), "inquilino": ("tenant",), "inquilina": ("tenant",),
    "inquilinos": ("tenant",), "arrendatario": ("tenant",), "arrendataria": ("tenant",),
    "owner": ("owner",), "owners": ("owner",), "propietario": ("owner",), "propietaria": ("owner",),
    "propietarios": ("owner",), "dueno": ("owner",), "duena": ("owner",),
    "ambos": ("tenant", "owner"), "ambas": ("tenant", "owner"), "both": ("tenant", "owner"),
}  # fmt: skip
_LANGUAGE_WORDS = {"es": "es", "espanol": "es", "spanish": "es", "en": "en", "ingles": "en", "english": "en"}
_COUNTRY_WORDS = {"colombia": "CO", "mexico": "MX"}
_YES = frozenset(["si", "s", "yes", "y", "true", "1", "x", "verdadero", "activo", "activa", "active"])
_NO = frozenset(["no", "n", "false", "0", "falso", "inactivo", "inactiva", "inactive"])


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


@dataclass(frozen=True)
class Row:
    """A row as it was understood: the values for `check_party` and what was wrong with cells."""

    values: dict[str, Any]
    faults: list[Fault] = field(default_factory=list)


@lru_cache(maxsize=64)
def _field_of(heading: str) -> str:
    return _FIELD_OF.get(re.sub(r"[^a-z0-9]+", " ", search_text(heading)).strip(), "")


def columns_of(header: Sequence[str]) -> Columns:
    """The meaning of a header row."""
    return Columns(list(header), [_field_of(heading) for heading in header])


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


def read_row(columns: Columns, cells: Sequence[str], *, document_type: str, classes: Sequence[str]) -> Row:
    """What a row says. An empty cell says nothing: it leaves what is known of a party as it is."""
    faults = [Fault("", "extra_cells")] if any(cell.strip() for cell in cells[len(columns.fields) :]) else []
    texts: dict[str, list[str]] = {}
    for name, cell in zip(columns.fields, cells, strict=False):
        text = cell.strip()
        if not name or not text:
            continue
        if name not in _SEVERAL_LINES and ("\n" in text or "\r" in text):
            faults.append(Fault(name, "line_break"))
        texts.setdefault(name, []).append(text)
    single = {name: parts[0] for name, parts in texts.items()}
    values: dict[str, Any] = {
        "document_type": _document_type(single.get("document_type", document_type)),
        "document_number": single.get("document_number", ""),
        "name": plain_text(f"{single.get('name', '')} {single.get('last_name', '')}"),
        "classes": _classes(single, classes, faults),
    }
    values |= {name: single[name] for name in ("code", "notes") if name in single}
    if emails := _addresses(texts):
        values["emails"] = [{"address": address, "principal": not position} for position, address in enumerate(emails)]
    if "phones" in texts:
        values["phones"] = [phone for text in texts["phones"] for phone in re.split(r"[;,/|]", text) if phone.strip()]
    if address := {name: single[name] for name in ("street", "city", "region", "postal_code") if name in single}:
        values["address"] = address
    if "country" in single:
        country = _COUNTRY_WORDS.get(search_text(single["country"]), single["country"])
        values["address"] = {**values.get("address", {}), "country": country}
    if "language" in single:
        values["language"] = _LANGUAGE_WORDS.get(search_text(single["language"]), single["language"])
    if "active" in single:
        values["active"] = _flag("active", single["active"], faults)
    return Row(values, faults)


def _document_type(text: str) -> str:
    return _DOCUMENT_WORDS.get(search_text(text), text)


def _addresses(texts: Mapping[str, list[str]]) -> list[str]:
    found: list[str] = []
    for text in texts.get("email", []) + texts.get("more_emails", []):
        for address in re.split(r"[;,\s]+", text):
            if address and address.lower() not in {other.lower() for other in found}:
                found.append(address)
    return found


def _classes(single: Mapping[str, str], default: Sequence[str], faults: list[Fault]) -> list[str]:
    chosen: list[str] = []
    if text := single.get("classes"):
        for word in re.split(r"[,;/|+&]| y | e | and ", search_text(text)):
            known = _CLASS_WORDS.get(word.strip())
            if known is None:
                faults.append(Fault("classes", "class", text[:60]))
                return list(default) or ["tenant"]
            chosen += known
    for name in ("tenant", "owner"):
        if name in single and _flag(name, single[name], faults):
            chosen.append(name)
    return list(dict.fromkeys(chosen)) or list(default)


def _flag(name: str, text: str, faults: list[Fault]) -> bool:
    word = search_text(text)
    if word not in _YES | _NO:
        faults.append(Fault(name, "flag", text[:60]))
    return word in _YES
