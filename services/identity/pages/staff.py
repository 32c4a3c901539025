"""The staff: who they are, what they may do, and adding and suspending them (administrators only)."""

import uuid
from typing import Any

import structlog
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from services.identity.actions.staff import (
    NewMember,
    NoSuchMember,
    UnfitEmail,
    UnfitName,
    UnfitUsername,
    UnknownRole,
    UsernameTaken,
    add_member,
    change_role,
    readmit_member,
    reset_password,
    suspend_member,
)
from services.identity.models.staff import StaffMember
from services.identity.queries.staff import find_member, list_staff
from services.identity.rules.staff import ROLES
from services.identity.schemas.staff import NewMemberForm
from shared.web import current, current_staff, error_answer, staff_required
from shared.web.look import ROLE_NAMES

log = structlog.get_logger(__name__)
blp = Blueprint("staff_members", __name__, url_prefix="/backoffice/identity/staff")


@blp.get("/")
@staff_required("administrator")
def show() -> str:
    """Everybody of the staff."""
    with current().db.read() as session:
        members = list_staff(session)
    return render_template("identity/staff.html", members=members, me=_me())


@blp.route("/new", methods=["GET", "POST"])
@staff_required("administrator")
def add() -> Any:
    """Add somebody; the first password is shown once, on the answer of this very request."""
    form = NewMemberForm()
    if not form.validate_on_submit():
        return render_template("identity/staff_new.html", form=form), 422 if form.errors else 200
    values = {name: form[name].data or "" for name in ("username", "name", "role", "email", "language")}
    try:
        with current().db.write() as session:
            member, password = add_member(session, NewMember(**values))
    except (UnfitUsername, UnfitName, UnfitEmail, UnknownRole, UsernameTaken) as error:
        status, text, field = error_answer(error)
        form[field].errors = [*form[field].errors, text]
        return render_template("identity/staff_new.html", form=form), status
    log.info("staff_added", staff=str(member.id), role=member.role, by=str(_me()))
    return render_template("identity/staff_password.html", member=member, password=password, added=True)


@blp.get("/<uuid:staff_id>")
@staff_required("administrator")
def edit(staff_id: uuid.UUID) -> str:
    """One member: role, suspension, a new first password."""
    return render_template("identity/staff_member.html", member=_member(staff_id), roles=ROLES, me=_me())


@blp.post("/<uuid:staff_id>/role")
@staff_required("administrator")
def set_role(staff_id: uuid.UUID) -> Any:
    """Change the role."""
    role = request.form.get("role", "")
    with current().db.write() as session:
        member = change_role(session, staff_id, role)
    log.info("staff_role_changed", staff=str(staff_id), role=role, by=str(_me()))
    text = gettext("%(name)s now has the role %(role)s.", name=member.name, role=ROLE_NAMES[role])
    flash(text, "success")
    return redirect(url_for("staff_members.edit", staff_id=staff_id), 303)


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
    flash(gettext("%(name)s can sign in again.", name=member.name), "success")
    return redirect(url_for("staff_members.edit", staff_id=staff_id), 303)


@blp.get("/<uuid:staff_id>/reset")
@staff_required("administrator")
def ask_reset(staff_id: uuid.UUID) -> str:
    """Is it really meant?"""
    member = _member(staff_id)
    return render_template(
        "confirm.html",
        title=gettext("New first password for %(name)s", name=member.name),
        message=gettext("The present password stops working, and %(name)s is signed out at once.", name=member.name),
        details=[gettext("You will see the new password once and have to hand it over yourself.")],
        action=url_for("staff_members.reset", staff_id=staff_id),
        accept=gettext("Make a new password"),
        cancel=url_for("staff_members.edit", staff_id=staff_id),
    )


@blp.post("/<uuid:staff_id>/reset")
@staff_required("administrator")
def reset(staff_id: uuid.UUID) -> str:
    """Make a new first password and show it once."""
    with current().db.write() as session:
        member, password = reset_password(session, staff_id)
    log.info("staff_password_reset", staff=str(staff_id), by=str(_me()))
    return render_template("identity/staff_password.html", member=member, password=password, added=False)


def _member(staff_id: uuid.UUID) -> StaffMember:
    with current().db.read() as session:
        member = find_member(session, staff_id)
    if member is None:
        raise NoSuchMember
    return member


def _me() -> uuid.UUID:
    staff = current_staff()
    if staff is None:  # cannot be: the views are guarded
        abort(403)
    return uuid.UUID(staff.id)
