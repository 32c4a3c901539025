"""Words for what the pages of credentials show, and the filters that two of them share."""

import uuid
from collections.abc import Iterable

from flask import request
from flask_babel import lazy_gettext as _l

from services.identity.models.parties import Party
from services.identity.queries.parties import PartyFilter
from services.identity.rules import eligibility as why
from services.identity.rules.policy import ENDS_SOON
from shared import clock
from shared.web.paging import Order

BY_NAME: list[Order] = [(Party.name_search, False), (Party.id, False)]

REASONS = {
    why.NO_EMAIL: _l("No e-mail address"),
    why.BLOCKED_ADDRESS: _l("The address is blocked: letters to it came back"),
    why.INACTIVE: _l("Not active"),
    why.SAME_ADDRESS: _l("Another party of this batch has the same address"),
    why.ALREADY_HAS_ACCESS: _l("Already has access"),
    why.OTHER_CLASS: _l("Of another class than the chosen one"),
    why.UNKNOWN_PARTY: _l("Not known here (any more)"),
}
CLASSES = {"tenant": _l("Tenant"), "owner": _l("Owner")}
DELIVERIES = {
    "password": _l("A letter with the password"),
    "link": _l("A letter with a link on which the client sets the password"),
    "none": _l("No letter"),
}
ORIGINS = {
    "random": _l("Generated"),
    "manual": _l("Typed by staff"),
    "link": _l("Link, not used yet"),
    "chosen": _l("Chosen by the client"),
}
END_REASONS = {
    "superseded": _l("A newer one took its place"),
    "replaced": _l("Issued again while its letter waited"),
    "letter_cancelled": _l("Its letter was cancelled"),
    "letter_failed": _l("Its letter could not be delivered"),
    "expired": _l("Not used in time"),
    "revoked": _l("Revoked by staff"),
    "changed": _l("The client chose another password"),
}
PROBLEMS = {
    "NoSealingKey": _l("The mail service does not answer; it goes on by itself as soon as it does."),
    "ServiceUnavailable": _l("The directory does not answer; it goes on by itself as soon as it does."),
}
PEOPLE = {"system": _l("by itself"), "person": _l("the client")}

WORDS = {
    "reasons": REASONS,
    "classes_named": CLASSES,
    "deliveries": DELIVERIES,
    "origins": ORIGINS,
    "end_reasons": END_REASONS,
    "problems": PROBLEMS,
    "people": PEOPLE,
}

FILTERS = ("q", "document", "code", "class", "email_state", "active", "access")
ENDING = "ending"
_YES_NO = {"yes": True, "no": False}


def asked_filter() -> tuple[PartyFilter, dict[str, str]]:
    """The filter of the address (or, in a form, of its hidden fields), and the parameters that are set."""
    given = {name: text for name in FILTERS if (text := request.values.get(name, "").strip())}
    now = clock.now()
    return (
        PartyFilter(
            q=given.get("q", ""),
            document=given.get("document", ""),
            code=given.get("code", ""),
            party_class=given.get("class", "") if given.get("class") in CLASSES else "",
            active=_YES_NO.get(given.get("active", "")),
            email_state=given.get("email_state", ""),
            has_access=_YES_NO.get(given.get("access", "")),
            ends_unused=(now, now + ENDS_SOON) if given.get("access") == ENDING else None,
        ),
        given,
    )


def ids_of(texts: Iterable[str]) -> list[uuid.UUID]:
    """The ids among texts of a form; what is none is left out."""
    found = []
    for text in texts:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found
