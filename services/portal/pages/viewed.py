"""Whether a member of the staff is looking at the client area as one of the clients."""

from flask import current_app, request

from services.portal.actions.sessions import hash_token
from services.portal.models import Viewing
from services.portal.queries.viewing import find_viewing
from shared import clock
from shared.web import current
from shared.web.staff import SAFE_METHODS, current_staff

VIEWING_COOKIE = "porteria_viewing"
ONLY_THE_CLIENT = (
    "access",
    "accounts",
    "code",
    "emails",
    "invitations",
    "passwords",
    "paying",
    "sandbox",
    "security",
)
"""Blueprints whose pages are for nobody but the client, even to look at: some of them act when they are opened."""


def present_viewing() -> Viewing | None:
    """The viewing of this browser, while whoever began it is still signed in here and may still do it."""
    token = request.cookies.get(VIEWING_COOKIE)
    staff = current_staff() if token else None
    if not token or staff is None or not staff.may_change:
        return None
    with current().db.read() as session:
        found = find_viewing(session, hash_token(token))
    if found is None or found.staff_id != staff.id or found.expires_at <= clock.now() or not found.party.active:
        return None
    return found


def is_to_look_at(endpoint: str) -> bool:
    """Whether a page is for whoever only looks, too: also the form of what they cannot send is not."""
    takes = {method for rule in current_app.url_map.iter_rules(endpoint) for method in rule.methods or ()}
    return takes.issubset(SAFE_METHODS) and endpoint.partition(".")[0] not in ONLY_THE_CLIENT
