"""See as this client: an agent looks at the client area as a client does. Read-only, announced and recorded."""

import uuid
from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import DataRequired, Length

from services.portal.actions.viewing import LASTS, LONGEST_REASON, end_viewing, start_viewing
from services.portal.models import Party
from services.portal.pages.viewed import VIEWING_COOKIE, is_to_look_at
from services.portal.pages.visitor import AREA, current_visitor
from services.portal.queries.parties import find_party
from shared.web import current, current_staff, staff_required
from shared.web.errors import Problem
from shared.web.staff import needs_renewal, signin_url

DIRECTORY_PAGE = "/backoffice/directory/parties/{}"

viewing = Blueprint("viewing", __name__)


class ReasonForm(FlaskForm):
    """Why somebody looks: the audit trail keeps it."""

    reason = TextAreaField(
        _l("Why you look at it"),
        [
            DataRequired(_l("Write why: it is kept in the audit trail.")),
            Length(max=LONGEST_REASON, message=_l("This is too long.")),
        ],
        filters=[lambda text: " ".join((text or "").split())],
    )


@viewing.get("/backoffice/portal/clients/<uuid:party_id>/view")
@staff_required("agent")
def ask(party_id: uuid.UUID) -> str:
    """What it is, and the form with the reason."""
    return _page(_party(party_id), ReasonForm(formdata=None))


@viewing.post("/backoffice/portal/clients/<uuid:party_id>/view")
@staff_required("agent")
def start(party_id: uuid.UUID) -> Any:
    """Begin, and go to the client's home page."""
    party, form, staff = _party(party_id), ReasonForm(), current_staff()
    if staff is None or not party.active:
        abort(404)
    if not form.validate():
        return _page(party, form), 422
    with current().db.write() as session:
        end_viewing(session, request.cookies.get(VIEWING_COOKIE, ""))
        token = start_viewing(session, party.id, staff.id, staff.name, form.reason.data)
    response = make_response(redirect(url_for("home.show"), 303))
    response.set_cookie(
        VIEWING_COOKIE,
        token,
        path=AREA,
        max_age=int(LASTS.total_seconds()),
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )
    return response


@viewing.post(f"{AREA}/viewing/leave")
def leave() -> Response:
    """Back to the back office; the client's own session, if this browser has one, goes on."""
    visitor = current_visitor()
    back = url_for("home.show")
    if visitor and visitor.viewer:
        back = DIRECTORY_PAGE.format(visitor.party.id)
    with current().db.write() as session:
        end_viewing(session, request.cookies.get(VIEWING_COOKIE, ""))
    response = make_response(redirect(back, 303))
    response.delete_cookie(VIEWING_COOKIE, path=AREA, secure=request.is_secure, httponly=True, samesite="Lax")
    return response


def keep_read_only() -> Any:
    """Before every request: whoever looks as a client changes nothing; their sign-in is renewed as in the office."""
    if not request.path.startswith(AREA) or request.endpoint in (None, "static", "viewing.leave"):
        return None
    visitor = current_visitor()
    if visitor is None or visitor.viewer is None:
        if VIEWING_COOKIE in request.cookies:
            told = gettext("You no longer see the area as a client: the time is over, or you left the back office.")
            flash(told, "info")
        return None
    if needs_renewal():
        return redirect(signin_url(), 303)
    if not is_to_look_at(request.endpoint or ""):
        raise Problem(
            403,
            gettext("You see the area as %(name)s sees it, and may only look. Only the client can do this.",
                    name=visitor.party.name),
        )  # fmt: skip
    return None


def say_when_over(response: Response) -> Response:
    """After every request: a viewing whose time is over, or whose agent signed out, leaves the browser."""
    if VIEWING_COOKIE not in request.cookies or not request.path.startswith(AREA) or request.endpoint == "static":
        return response
    visitor = current_visitor()
    if visitor is None or visitor.viewer is None:
        response.delete_cookie(VIEWING_COOKIE, path=AREA, secure=request.is_secure, httponly=True, samesite="Lax")
    return response


def _party(party_id: uuid.UUID) -> Party:
    with current().db.read() as session:
        return find_party(session, party_id) or abort(404)


def _page(party: Party, form: ReasonForm) -> str:
    minutes = int(LASTS.total_seconds() // 60)
    return render_template("portal/desk/view_as.html", party=party, form=form, minutes=minutes)
