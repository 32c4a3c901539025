"""A client's contact data between the directory's REST interface and the form of the profile."""

import re
from typing import Any

from babel import Locale

from services.portal.rules.profile import written_phone

ADDRESS = ("street", "city", "region", "postal_code", "country")
NO_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}


def contact_of(party: dict[str, Any]) -> dict[str, Any]:
    """What the form shows of a party."""
    address = {name: party["address"].get(name) or "" for name in ADDRESS}
    phones = "\n".join(written_phone(phone) for phone in party["phones"])
    return {"phones": phones, **address, "language": party["language"], "version": str(party["version"])}


def changes_of(form: dict[str, Any]) -> dict[str, Any]:
    """What the form asks of the directory."""
    return {
        "version": int(form["version"]),
        "phones": [line for line in (form["phones"] or "").splitlines() if line.strip()],
        "address": {name: form[name] or "" for name in ADDRESS},
        "language": form["language"],
    }


def changed_fields(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Which of them are different."""
    return [name for name in ("phones", *ADDRESS, "language") if contact_of(before)[name] != contact_of(after)[name]]


def by_form_field(problems: dict[str, list[str]]) -> dict[str, list[str]]:
    """The directory's texts by the fields of the form: `address.city` is its `city`."""
    found: dict[str, list[str]] = {}
    for name, texts in problems.items():
        parts = name.split(".")
        found.setdefault(parts[1] if parts[0] == "address" and len(parts) > 1 else parts[0], []).extend(texts)
    return found


def countries(language: str) -> list[tuple[str, str]]:
    """Code and name of every country, by name."""
    known = Locale.parse(language).territories
    named = [(code, name) for code, name in known.items() if re.fullmatch("[A-Z]{2}", code)]
    return sorted(((code, name) for code, name in named if code not in NO_COUNTRIES), key=lambda one: one[1])
