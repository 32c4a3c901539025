"""The staff: who they are, what they may do; inviting, changing and suspending them (administrators; auditors look)."""

import uuid
from collections.abc import Callable
from typing import Any

import structlog
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from services.identity.actions.invitations import invite_again, invite_member, send_reset, withdraw_invitation
from services.identity.actions.runtime import runtime
from services.identity.actions.sealing import NoSealingKey, make_sealer, refresh_sealing_key
from services.identity.actions.staff import (
    LastAdministrator,
    MemberData,
    NewMember,
    NoSuchMember,
    UnfitEmail,
    UnfitName,
    UnfitUsername,
    UnknownRole,
    UsernameTaken,
    add_member,
    change_member,
    readmit_member,
    reset_password,
    suspend_member,
)
from services.identity.models.staff import StaffMember
from services.identity.pages.administration import administration, may_administer
from services.identity.queries.staff import find_member, list_open_invitations, list_staff
from services.identity.rules.staff import staff_state
from services.identity.schemas.staff import MemberForm, NewMemberForm
from shared.clock import now
from shared.sealing import Sealer
from shared.web import current, current_staff, error_answer, staff_required

REFUSALS = (UnfitUsername, UnfitName, UnfitEmail, UnknownRole, UsernameTaken)

log = structlog.get_logger(__name__)
blp = Blueprint("staff_members", __name__, url_prefix="/backoffice/identity/staff")


@blp.get("/")
@administration
def show() -> str:
    """Everybody of the staff."""
    with current().db.read() as session:
        members, links = list_staff(session), list_open_invitations(session)
    return render_template("identity/staff.html", members=members, links=links, **_words())


@blp.route("/new", methods=["GET", "POST"])
@staff_required("administrator")
def add() -> Any:
    """Add somebody: by letter, or with a first password that is shown once on the answer of this very request."""
    form = NewMemberForm()
    if not form.validate_on_submit():
        return render_template("identity/staff_new.html", form=form), 422 if form.errors else 200
    values = {name: form[name].data or "" for name in ("username", "name", "role", "email", "language")}
    try:
        if form.way.data == "letter":
            return _invite(NewMember(**values))
        with current().db.write() as session:
            member, password = add_member(session, NewMember(**values))
    except REFUSALS as error:
        status, text, field = error_answer(error)
        if isinstance(error, UnfitEmail) and not values["email"].strip():
            text = gettext("Without an address no letter can go out: give one, or hand the password over yourself.")
        form[field].errors = [*form[field].errors, text]
        return render_template("identity/staff_new.html", form=form), status
    except NoSealingKey:
        form.way.errors = [_no_letters()]
        return render_template("identity/staff_new.html", form=form), 503
    log.info("staff_added", staff=str(member.id), role=member.role, by=str(_me()))
    return render_template("identity/staff_password.html", member=member, password=password, added=True)


def _invite(new: NewMember) -> Any:
    refresh_sealing_key(current().db, runtime().clients.mailer)
    with current().db.write() as session:
        sealer = make_sealer(session, runtime().keyring)
        member = invite_member(session, new, sealer, current().settings.language)
    log.info("staff_invited", staff=str(member.id), role=member.role, by=str(_me()))
    text = gettext("%(name)s gets a letter at %(address)s with a link that works for 7 days.", **_named(member))
    flash(text, "success")
    return redirect(url_for("staff_members.show"), 303)


@blp.route("/<uuid:staff_id>", methods=["GET", "POST"])
@administration
def edit(staff_id: uuid.UUID) -> Any:
    """One member: what is said of them, and their access."""
    member = _member(staff_id)
    form = MemberForm(obj=member)
    if not form.validate_on_submit():
        return _page(member, form), 422 if form.errors else 200
    values = {name: form[name].data or "" for name in ("name", "role", "email", "language")}
    try:
        with current().db.write() as session:
            changed = change_member(session, staff_id, MemberData(**values))
    except (*REFUSALS, LastAdministrator) as error:
        status, text, *named = error_answer(error)
        field = form[named[0] or "role"]
        field.errors = [*field.errors, text]
        return _page(member, form), status
    log.info("staff_changed", staff=str(staff_id), role=changed.role, by=str(_me()))
    flash(gettext("%(name)s is saved.", name=changed.name), "success")
    if changed.invited and changed.email != member.email:
        text = gettext("The link that went to the former address works no more. Send the invitation again.")
        flash(text, "warning")
    return redirect(url_for("staff_members.edit", staff_id=staff_id), 303)


def _page(member: StaffMember, form: MemberForm) -> str:
    with current().db.read() as session:
        link = list_open_invitations(session).get(member.id)
    return render_template("identity/staff_member.html", member=member, form=form, link=link, **_words())


@blp.get("/<uuid:staff_id>/suspend")
@staff_required("administrator")
def ask_suspend(staff_id: uuid.UUID) -> str:
    """Is it really meant?"""
    member = _member(staff_id)
    return render_template(
        "confirm.html",
        title=gettext("Suspend %(name)s", name=member.name),
        message=gettext("%(name)s will not be able to sign in, and is signed out at once.", name=member.name),
        details=[gettext("The other back offices notice within ten minutes."), gettext("You can readmit them later.")],
        action=url_for("staff_members.suspend", staff_id=staff_id),
        accept=gettext("Suspend"),
        cancel=url_for("staff_members.edit", staff_id=staff_id),
        kind="danger",
    )


@blp.post("/<uuid:staff_id>/suspend")
@staff_required("administrator")
def suspend(staff_id: uuid.UUID) -> Any:
    """Suspend."""
    with current().db.write() as session:
        member = suspend_member(session, staff_id)
    log.info("staff_suspended", staff=str(staff_id), by=str(_me()))
    flash(gettext("%(name)s is suspended.", name=member.name), "success")
    return redirect(url_for("staff_members.show"), 303)


@blp.post("/<uuid:staff_id>/readmit")
@staff_required("administrator")
def readmit(staff_id: uuid.UUID) -> Any:
    """Readmit."""
    with current().db.write() as session:
        member = readmit_member(session, staff_id)
    log.info("staff_readmitted", staff=str(staff_id), by=str(_me()))
    text = gettext("%(name)s can sign in again.", name=member.name)
    if member.invited:
        text = gettext("%(name)s may come in again: send the invitation again.", name=member.name)
    flash(text, "success")
    return redirect(url_for("staff_members.edit", staff_id=staff_id), 303)


@blp.post("/<uuid:staff_id>/invite")
@staff_required("administrator")
def resend(staff_id: uuid.UUID) -> Any:
    """Send the invitation again; the former link ends."""
    if member := _send(invite_again, staff_id):
        log.info("staff_invited_again", staff=str(staff_id), by=str(_me()))
        text = gettext("A new letter goes to %(address)s, with a link that works for 7 days.", **_named(member))
        rest = gettext("The former link works no more.")
        flash(f"{text} {rest}", "success")
    return redirect(url_for("staff_members.edit", staff_id=staff_id), 303)


@blp.get("/<uuid:staff_id>/withdraw")
@staff_required("administrator")
def ask_withdraw(staff_id: uuid.UUID) -> str:
    """Is it really meant?"""
    member = _member(staff_id)
    return render_template(
        "confirm.html",
        title=gettext("Withdraw the invitation of %(name)s", name=member.name),
        message=gettext("The link that %(name)s got stops working, and the user is removed.", name=member.name),
        details=[gettext("The user name %(username)s is free again.", username=member.username)],
        action=url_for("staff_members.withdraw", staff_id=staff_id),
        accept=gettext("Withdraw the invitation"),
        cancel=url_for("staff_members.edit", staff_id=staff_id),
        kind="danger",
    )


@blp.post("/<uuid:staff_id>/withdraw")
@staff_required("administrator")
def withdraw(staff_id: uuid.UUID) -> Any:
    """Withdraw an invitation."""
    with current().db.write() as session:
        member = withdraw_invitation(session, staff_id)
    log.info("staff_invitation_withdrawn", staff=str(staff_id), by=str(_me()))
    flash(gettext("The invitation of %(name)s is withdrawn.", name=member.name), "success")
    return redirect(url_for("staff_members.show"), 303)


@blp.get("/<uuid:staff_id>/reset")
@staff_required("administrator")
def ask_reset(staff_id: uuid.UUID) -> str:
    """By letter, or shown once?"""
    return render_template("identity/staff_reset.html", member=_member(staff_id))


@blp.post("/<uuid:staff_id>/reset")
@staff_required("administrator")
def reset(staff_id: uuid.UUID) -> Any:
    """Send a link for a new password, or make a new first password and show it once."""
    way = request.form.get("way")
    if way not in ("letter", "shown"):
        abort(400)
    if way == "letter":
        if member := _send(send_reset, staff_id):
            log.info("staff_reset_sent", staff=str(staff_id), by=str(_me()))
            text = gettext("A letter goes to %(address)s with a link that works for 24 hours.", **_named(member))
            flash(text, "success")
        return redirect(url_for("staff_members.edit", staff_id=staff_id), 303)
    with current().db.write() as session:
        member, password = reset_password(session, staff_id)
    log.info("staff_password_reset", staff=str(staff_id), by=str(_me()))
    return render_template("identity/staff_password.html", member=member, password=password, added=False)


def _send(action: Callable[[Session, uuid.UUID, Sealer, str], StaffMember], staff_id: uuid.UUID) -> StaffMember | None:
    """Send a member a link; None, with a message, if no letter can be written now."""
    try:
        refresh_sealing_key(current().db, runtime().clients.mailer)
        with current().db.write() as session:
            sealer = make_sealer(session, runtime().keyring)
            return action(session, staff_id, sealer, current().settings.language)
    except NoSealingKey:
        flash(_no_letters(), "danger")
        return None


def _member(staff_id: uuid.UUID) -> StaffMember:
    with current().db.read() as session:
        member = find_member(session, staff_id)
    if member is None:
        raise NoSuchMember
    return member


def _named(member: StaffMember) -> dict[str, str]:
    return {"name": member.name, "address": member.email or ""}


def _words() -> dict[str, Any]:
    return {"me": _me(), "state_of_member": _state, "now": now(), "may_administer": may_administer()}


def _state(member: StaffMember) -> str:
    return staff_state(active=member.active, invited=member.invited)


def _no_letters() -> str:
    return gettext("The mail service does not answer, so no letter can be written. Try again shortly.")


def _me() -> uuid.UUID:
    staff = current_staff()
    if staff is None:  # cannot be: the views are guarded
        abort(403)
    return uuid.UUID(staff.id)
