"""What the cells of a table of parties mean, in Spanish and in English."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.directory.rules.columns import OWN, Columns
from services.directory.rules.parties import Fault, plain_text, search_text

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
_EXAMPLES = ("ejemplo:", "example:")
"""How the names in the rows begin that show in a template how it is filled in."""
_YES = frozenset(["si", "s", "yes", "y", "true", "1", "x", "verdadero", "activo", "activa", "active"])
_NO = frozenset(["no", "n", "false", "0", "falso", "inactivo", "inactiva", "inactive"])


@dataclass(frozen=True)
class Row:
    """A row as it was understood: the values for `check_party` and what was wrong with cells."""

    values: dict[str, Any]
    faults: list[Fault] = field(default_factory=list)


def read_row(columns: Columns, cells: Sequence[str], *, document_type: str, classes: Sequence[str]) -> Row:
    """What a row says. An empty cell says nothing: it leaves what is known of a party as it is."""
    faults = [Fault("", "extra_cells")] if any(cell.strip() for cell in cells[len(columns.fields) :]) else []
    texts: dict[str, list[str]] = {}
    for name, cell in zip(columns.fields, cells, strict=False):
        text = cell.strip()
        if not text or not name or name in OWN:
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
        values["phones"] = [phone for text in texts["phones"] for phone in _phones(text)]
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


def is_example(row: Row) -> bool:
    """Whether this is a row of the template that nobody replaced: it is as if it were not there."""
    return search_text(row.values["name"]).startswith(_EXAMPLES)


def _phones(text: str) -> list[str]:
    separators = ";" if ";" in text else ",/|"
    return [phone for phone in re.split(f"[{separators}]", text) if phone.strip()]


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
