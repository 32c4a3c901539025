"""The two clients who walk the client's guide: one reads Spanish, one English, and both have something to pay."""

import time
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from shared.embedded.demo_billing import bill
from shared.embedded.demo_steps import Api, Refused
from shared.embedded.guide_walk import Person

SCOPES = ("parties:write", "credentials:issue", "invoices:write", "payments:write")
KNOWN_WITHIN = 30.0
"""Seconds in which the portal must have heard of a new client."""

_FIRST, _CHOSEN = "lluvia-balcon-trece", "puente azul con sal y maíz"
_PEOPLE: Mapping[str, dict[str, Any]] = {
    "es": {"name": "Carolina Ruiz Mejía", "document_number": "52817346", "address": "carolina.ruiz@example.com"},
    "en": {"name": "Emily Carter", "document_number": "52817347", "address": "emily.carter@example.com"},
}
_REQUESTS = {
    "es": (
        "La llave del parqueadero no abre",
        "Desde ayer la llave del parqueadero 14 no abre. ¿La cambian?",
    ),
    "en": ("The key of the car park does not open", "Since yesterday the key of place 14 does not open the car park."),
}


def make_clients(api: Api, today: date, languages: tuple[str, ...] = ("es", "en")) -> dict[str, Person]:
    """Register them, with a first password, three months of rent, two payments and an extra charge."""
    return {language: _make(api, today, language) for language in languages}


def _make(api: Api, today: date, language: str) -> Person:
    about = _PEOPLE[language]
    party = api.post(
        "directory",
        "/parties",
        {
            "classes": ["tenant"],
            "document_type": "CC",
            "document_number": about["document_number"],
            "name": about["name"],
            "emails": [{"address": about["address"], "principal": True}],
            "language": language,
        },
    )
    given = {"party_id": party["id"], "mode": "manual", "password": _FIRST, "delivery": "none"}
    _once_known(lambda: api.post("identity", "/credentials", given))
    _once_known(lambda: bill(api, [party], today))
    api.post("portal", "/invoices", _charge(party["id"], today))
    return Person(about["document_number"], _FIRST, _CHOSEN, _REQUESTS[language])


def _charge(party_id: str, today: date) -> dict[str, Any]:
    line = {"description": "Cuota de administración", "unit_price": "310000"}
    days = {"issued_on": today.isoformat(), "due_on": (today + timedelta(10)).isoformat()}
    return {"party_id": party_id, **days, "property_name": "Apartamento 201", "lines": [line]}


def _once_known(call: Any) -> None:
    """A new client is known everywhere a moment after the directory has them."""
    deadline = time.monotonic() + KNOWN_WITHIN
    while True:
        try:
            call()
            return
        except Refused:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)
