"""Addresses to which nothing is sent: looked up, added by hand, released."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField, ValidationError
from wtforms.validators import DataRequired, Length

from services.mailer.actions.suppressing import release_address, suppress_address
from services.mailer.queries.returned import find_suppression, list_suppressions
from services.mailer.rules.addresses import AddressRefused, envelope_address
from services.mailer.rules.suppressing import BY_BOUNCE, BY_HAND
from shared.web import current, current_staff, staff_required

REASONS = {BY_BOUNCE: _l("A letter came back"), BY_HAND: _l("Added by hand")}

suppressions = Blueprint("suppressions", __name__, url_prefix="/backoffice/mailer/suppressions")


class SuppressionForm(FlaskForm):
    """An address, and why."""

    address = StringField(_l("Address"), validators=[DataRequired(_l("Write an e-mail address."))])
    note = StringField(_l("Why"), validators=[Length(max=500, message=_l("At most 500 characters."))], default="")

    def validate_address(self, field: StringField) -> None:
        """It must be possible to write to it, otherwise there is nothing to prevent."""
        try:
            envelope_address((field.data or "").strip())
        except AddressRefused:
            raise ValidationError(_("Write an e-mail address.")) from None


@suppressions.get("", strict_slashes=False)
@staff_required()
def index() -> str:
    """The list, the newest first."""
    text, reason = request.args.get("q", "").strip(), request.args.get("reason", "")
    reason = reason if reason in REASONS else ""
    with current().db.read() as session:
        page = list_suppressions(session, text=text, reason=reason, cursor=request.args.get("cursor"))
    return render_template("mailer/suppressions.html", page=page, reasons=REASONS, narrowed=bool(text or reason))


@suppressions.route("/add", methods=["GET", "POST"])
@staff_required("agent")
def add() -> Any:
    """Put an address on the list."""
    form = SuppressionForm()
    if form.validate_on_submit():
        staff = current_staff()
        with current().db.write() as session:
            added = suppress_address(session, form.address.data, staff.name if staff else "", form.note.data.strip())
        if added:
            flash(_("Nothing is sent to %(address)s any more.", address=form.address.data.strip()), "success")
        else:
            flash(_("%(address)s was on the list already.", address=form.address.data.strip()), "info")
        return redirect(url_for("suppressions.index"), 303)
    return render_template("mailer/suppress.html", form=form), 422 if form.is_submitted() else 200


@suppressions.get("/release")
@staff_required("agent")
def ask_release() -> Any:
    """Say what follows, and ask."""
    address = request.args.get("address", "")
    with current().db.read() as session:
        row = find_suppression(session, address)
    if row is None:
        return _gone(address)
    details = [_("The directory shows the address as unverified again.")]
    if row.reason == BY_BOUNCE:
        details.insert(
            0,
            _(
                "A letter to it came back: “%(answer)s”. If nothing changed there, the next one will too.",
                answer=row.note,
            ),
        )
    return render_template(
        "confirm.html",
        title=_("Send to this address again"),
        message=_("Letters may go to %(address)s again.", address=row.address),
        details=details,
        action=url_for("suppressions.release"),
        fields={"address": row.address},
        accept=_("Take it off the list"),
        cancel=url_for("suppressions.index"),
        dismiss=_("Go back without changing anything"),
    )


@suppressions.post("/release")
@staff_required("agent")
def release() -> Any:
    """Take an address off the list."""
    address = request.form.get("address", "")
    with current().db.write() as session:
        released = release_address(session, address)
    if released:
        flash(
            _("Letters may go to %(address)s again. What failed before is not sent by itself.", address=address),
            "success",
        )
        return redirect(url_for("suppressions.index"), 303)
    return _gone(address)


def _gone(address: str) -> Any:
    flash(_("%(address)s is not on the list any more.", address=address), "info")
    return redirect(url_for("suppressions.index"), 303)
