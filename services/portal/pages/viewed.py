"""Whether a member of the staff is looking at the client area as one of the clients."""

from flask import request

from services.portal.actions.sessions import hash_token
from services.portal.models import Viewing
from services.portal.queries.viewing import find_viewing
from shared import clock
from shared.web import current
from shared.web.staff import current_staff

VIEWING_COOKIE = "porteria_viewing"


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
