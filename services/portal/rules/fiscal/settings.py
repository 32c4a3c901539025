"""What an agency has to say before fiscal documents can be built: kept in `Agency.fiscal`.

`{"co": {…}, "mx": {…}}`, each as the fields below; secrets are sealed by the caller and never come here in clear text
from the database.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Self

from services.portal.rules.fiscal.cufe import PRODUCTION, TESTS

SECRETS = ("technical_key", "software_pin")
"""Of Colombia: whoever knows them can make codes that look like the agency's."""
TAX_LEVELS = ("O-13", "O-15", "O-23", "O-47", "R-99-PN")
"""Responsabilidades fiscales, Anexo técnico 1.9, 13.2.6.1."""


class Incomplete(Exception):
    """A fiscal document cannot be built: `what` names what is missing or does not fit, `hint` the detail."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(f"{what} {hint}".strip())
        self.what, self.hint = what, hint


class _Loaded:
    @classmethod
    def load(cls, stored: Mapping[str, Any]) -> Self:
        """From what is stored; what is unknown is left out."""
        known = {one.name for one in fields(cls)}  # type: ignore[arg-type]
        return cls(**{name: value for name, value in stored.items() if name in known})

    def dump(self) -> dict[str, Any]:
        """As it is stored."""
        return {one.name: getattr(self, one.name) for one in fields(self)}  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Colombia(_Loaded):
    """The authorisation of numbers, the software as it is registered with DIAN, and what the RUT says."""

    resolution: str = ""
    resolution_from: str = ""
    resolution_until: str = ""
    prefix: str = ""
    first_number: str = ""
    last_number: str = ""
    technical_key: str = field(default="", repr=False)
    software_id: str = ""
    software_pin: str = field(default="", repr=False)
    environment: str = TESTS
    organisation: str = "1"
    """1: a company, 2: a natural person."""
    tax_level: str = "R-99-PN"
    municipality: str = ""
    """DANE's code of five digits."""
    department: str = ""


@dataclass(frozen=True, kw_only=True)
class Mexico(_Loaded):
    """SAT's keys of the agency and of what it invoices."""

    regime: str = ""
    """The agency's régimen fiscal, such as 601."""
    tenant_key: str = "80131500"
    """ClaveProdServ of what tenants pay: alquiler y arrendamiento de propiedades o edificaciones."""
    owner_key: str = "80131800"
    """Of the commission: servicios de administración inmobiliaria."""
    unit_key: str = "E48"
    """ClaveUnidad: unidad de servicio."""


def colombian_faults(given: Colombia) -> dict[str, str]:
    """What is wrong with it, by field: `number`, `date`, `order`, `choice`, `five_digits`, `long`."""
    numbers, days = ("resolution", "first_number", "last_number"), ("resolution_from", "resolution_until")
    faults = {name: "number" for name in numbers if not re.fullmatch(r"\d{0,20}", getattr(given, name))}
    faults |= {name: "date" for name in days if getattr(given, name) and not _is_day(getattr(given, name))}
    if not re.fullmatch(r"(\d{5})?", given.municipality):
        faults["municipality"] = "five_digits"
    choices = {"environment": (PRODUCTION, TESTS), "organisation": ("1", "2"), "tax_level": TAX_LEVELS}
    faults |= {name: "choice" for name, known in choices.items() if getattr(given, name) not in known}
    return _order(given, faults) | faults | _long(given)


def _order(given: Colombia, faults: Mapping[str, str]) -> dict[str, str]:
    found = {}
    if "date" not in faults.values() and given.resolution_until < given.resolution_from:
        found["resolution_until"] = "order"
    if "number" not in faults.values() and int(given.last_number or 0) < int(given.first_number or 0):
        found["last_number"] = "order"
    return found


def mexican_faults(given: Mexico) -> dict[str, str]:
    """The same for Mexico: `three_digits`, `eight_digits`, `unit`, `long`."""
    faults = {}
    if given.regime and not re.fullmatch(r"6\d\d", given.regime):
        faults["regime"] = "three_digits"
    for name in ("tenant_key", "owner_key"):
        if not re.fullmatch(r"\d{8}", getattr(given, name)):
            faults[name] = "eight_digits"
    if not re.fullmatch(r"[A-Z0-9]{1,3}", given.unit_key):
        faults["unit_key"] = "unit"
    return faults | _long(given)


def _long(given: Colombia | Mexico) -> dict[str, str]:
    return {name: "long" for name, value in given.dump().items() if len(str(value)) > 200}


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10
