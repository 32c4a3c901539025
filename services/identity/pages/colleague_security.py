"""What an administrator sees and ends of a colleague's sign-in: the second factor and the open sessions."""

import uuid
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, ngettext

from services.identity.actions.second_factor import remove_factor
from services.identity.actions.staff import NoSuchMember
from services.identity.actions.staff_sessions import end_all_sessions, end_session_of
from services.identity.models.staff import StaffMember, StaffSession
from services.identity.pages.staff_session import signed_in
from services.identity.queries.second_factor import FactorState, Owner, state_of_factor
from services.identity.queries.staff import find_member, list_open_sessions
from services.identity.rules.second_factor import STAFF
from shared.web import current, staff_required
from shared.web.browsers import browser_in_words

blp = Blueprint("colleague_security", __name__, url_prefix="/backoffice/identity/staff/<uuid:staff_id>")


@dataclass(frozen=True)
class MemberSecurity:
    """What the page of a member of the staff shows; `here` is the session of whoever looks."""

    factor: FactorState
    sessions: list[StaffSession]
    here: uuid.UUID | None


def security_of_member(staff_id: uuid.UUID) -> MemberSecurity:
    """For the pieces of the page of a member of the staff."""
    here = signed_in()
    with current().db.read() as session:
        return MemberSecurity(
            state_of_factor(session, Owner(STAFF, staff_id)),
            list_open_sessions(session, staff_id),
            here.session.id if here else None,
        )


@blp.app_context_processor
def pieces() -> dict[str, Any]:
    """What `identity/staff_second_factor.html` and `identity/staff_sessions.html` need, wherever they are included."""
    return {"security_of_member": security_of_member, "browser_in_words": browser_in_words}


@blp.get("/second-factor/remove")
@staff_required("administrator")
def ask_remove_factor(staff_id: uuid.UUID) -> str:
    """Is it really meant?"""
    member = _member(staff_id)
    return render_template(
        "confirm.html",
        title=gettext("Remove the second factor of %(name)s", name=member.name),
        message=gettext("The password alone will let %(name)s in, until they set up a new one.", name=member.name),
        details=[
            gettext("Do this only for somebody of whom you are sure: by telephone or face to face, not by e-mail."),
            gettext("The recovery codes stop working, too."),
        ],
        action=url_for("colleague_security.remove", staff_id=staff_id),
        accept=gettext("Remove the second factor"),
        cancel=url_for("staff_members.edit", staff_id=staff_id),
        kind="danger",
    )


@blp.post("/second-factor/remove")
@staff_required("administrator")
def remove(staff_id: uuid.UUID) -> Any:
    """Remove it."""
    member = _member(staff_id)
    with current().db.write() as session:
        removed = remove_factor(session, Owner(STAFF, staff_id))
    if removed:
        flash(gettext("The second factor of %(name)s is removed.", name=member.name), "success")
    else:
        flash(gettext("%(name)s has no second factor.", name=member.name), "info")
    return redirect(url_for("staff_members.edit", staff_id=staff_id), 303)


@blp.get("/sessions/end")
@staff_required("administrator")
def ask_end_sessions(staff_id: uuid.UUID) -> Any:
    """Is it really meant?"""
    member = _member(staff_id)
    with current().db.read() as session:
        number = len(list_open_sessions(session, staff_id))
    if not number:
        return _back(member, 0)
    return render_template(
        "confirm.html",
        title=gettext("End sessions of %(name)s", name=member.name),
        number=number,
        message=ngettext("browser will be signed out.", "browsers will be signed out.", number),
        details=[
            gettext("%(name)s can sign in again. To shut somebody out, suspend them.", name=member.name),
            gettext("The other back offices notice within ten minutes."),
        ],
        action=url_for("colleague_security.end_sessions", staff_id=staff_id),
        accept=gettext("End sessions"),
        cancel=url_for("staff_members.edit", staff_id=staff_id),
        kind="danger",
    )


@blp.post("/sessions/end")
@staff_required("administrator")
def end_sessions(staff_id: uuid.UUID) -> Any:
    """Sign a colleague out everywhere."""
    member = _member(staff_id)
    with current().db.write() as session:
        ended = end_all_sessions(session, member)
    return _back(member, ended)


@blp.get("/sessions/<uuid:session_id>/end")
@staff_required("administrator")
def ask_end_session(staff_id: uuid.UUID, session_id: uuid.UUID) -> Any:
    """Is it really meant?"""
    member = _member(staff_id)
    with current().db.read() as session:
        found = [one for one in list_open_sessions(session, staff_id) if one.id == session_id]
    if not found:
        return _back(member, 0)
    browser = browser_in_words(found[0].user_agent)
    return render_template(
        "confirm.html",
        title=gettext("End this session"),
        message=gettext("%(name)s will be signed out of %(browser)s.", name=member.name, browser=browser),
        details=[gettext("The other back offices notice within ten minutes.")],
        action=url_for("colleague_security.end_session", staff_id=staff_id, session_id=session_id),
        accept=gettext("End this session"),
        cancel=url_for("staff_members.edit", staff_id=staff_id),
        kind="danger",
    )


@blp.post("/sessions/<uuid:session_id>/end")
@staff_required("administrator")
def end_session(staff_id: uuid.UUID, session_id: uuid.UUID) -> Any:
    """Sign a colleague out of one browser."""
    member = _member(staff_id)
    with current().db.write() as session:
        ended = end_session_of(session, member, session_id)
    return _back(member, ended)


def _back(member: StaffMember, ended: int) -> Any:
    if ended:
        text = ngettext(
            "%(num)s session of %(name)s was ended.",
            "%(num)s sessions of %(name)s were ended.",
            ended,
            name=member.name,
        )
        flash(text, "success")
    else:
        flash(gettext("That session had ended already."), "info")
    return redirect(url_for("staff_members.edit", staff_id=member.id), 303)


def _member(staff_id: uuid.UUID) -> StaffMember:
    with current().db.read() as session:
        member = find_member(session, staff_id)
    if member is None:
        raise NoSuchMember
    return member
