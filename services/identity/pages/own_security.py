"""What a member of the staff sees and decides about their own sign-in: second factor, recovery codes, open sessions."""

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, ngettext

from services.identity.actions.staff_sessions import end_all_sessions, end_session_of
from services.identity.pages.staff_session import signed_in
from services.identity.queries.second_factor import Owner, state_of_factor
from services.identity.queries.staff import SignedIn, list_open_sessions
from services.identity.rules.second_factor import STAFF
from shared.web import current, staff_required
from shared.web.browsers import browser_in_words

blp = Blueprint("own_security", __name__, url_prefix="/backoffice/identity/security")


@blp.get("/")
@staff_required("auditor")
def show() -> str:
    """Second factor, recovery codes, and in which browsers one is signed in."""
    person = _person()
    with current().db.read() as session:
        factor = state_of_factor(session, Owner(STAFF, person.member.id))
        sessions = list_open_sessions(session, person.member.id)
    return render_template(
        "identity/own_security.html",
        factor=factor,
        sessions=sessions,
        here=person.session.id,
        browser_in_words=browser_in_words,
    )


@blp.get("/sessions/<uuid:session_id>/end")
@staff_required("auditor")
def ask_end_session(session_id: uuid.UUID) -> Any:
    """Is it really meant?"""
    person = _person()
    with current().db.read() as session:
        found = [one for one in list_open_sessions(session, person.member.id) if one.id == session_id]
    if not found:
        return _gone()
    return render_template(
        "confirm.html",
        title=gettext("End this session"),
        message=gettext("%(browser)s will be signed out.", browser=browser_in_words(found[0].user_agent)),
        details=[gettext("The other back offices notice within ten minutes.")],
        action=url_for("own_security.end_session", session_id=session_id),
        accept=gettext("End this session"),
        cancel=url_for("own_security.show"),
        kind="danger",
    )


@blp.post("/sessions/<uuid:session_id>/end")
@staff_required("auditor")
def end_session(session_id: uuid.UUID) -> Any:
    """Sign one other browser out; this one has a button of its own for that."""
    person = _person()
    if session_id == person.session.id:
        flash(gettext("That is the browser you are using. To end it, sign out."), "info")
        return redirect(url_for("own_security.show"), 303)
    with current().db.write() as session:
        ended = end_session_of(session, person.member, session_id)
    if not ended:
        return _gone()
    flash(gettext("That browser is signed out."), "success")
    return redirect(url_for("own_security.show"), 303)


@blp.get("/sessions/end-others")
@staff_required("auditor")
def ask_end_others() -> Any:
    """Is it really meant?"""
    person = _person()
    with current().db.read() as session:
        others = [one for one in list_open_sessions(session, person.member.id) if one.id != person.session.id]
    if not others:
        return _gone()
    return render_template(
        "confirm.html",
        title=gettext("End the other sessions"),
        number=len(others),
        message=ngettext("browser will be signed out.", "browsers will be signed out.", len(others)),
        details=[gettext("You stay signed in here.")],
        action=url_for("own_security.end_others"),
        accept=gettext("End the other sessions"),
        cancel=url_for("own_security.show"),
        kind="danger",
    )


@blp.post("/sessions/end-others")
@staff_required("auditor")
def end_others() -> Any:
    """Sign every other browser out."""
    person = _person()
    with current().db.write() as session:
        ended = end_all_sessions(session, person.member, but=person.session.id)
    if not ended:
        return _gone()
    flash(ngettext("%(num)s browser is signed out.", "%(num)s browsers are signed out.", ended), "success")
    return redirect(url_for("own_security.show"), 303)


def _gone() -> Any:
    flash(gettext("That session had ended already."), "info")
    return redirect(url_for("own_security.show"), 303)


def _person() -> SignedIn:
    person = signed_in()
    if person is None:  # cannot be: the views are guarded
        raise RuntimeError("nobody is signed in")
    return person
