"""An e-mail address that bounced or is blocked is allowed again, after a confirmation."""

import uuid

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from services.directory.actions.addresses import clear_address
from services.directory.actions.parties import PartyChanged, PartyNotFound
from services.directory.models import PartyEmail
from services.directory.queries.parties import find_party
from services.directory.rules.parties import WRITABLE_STATES
from shared.web import current, staff_required

address_pages = Blueprint("address_pages", __name__, url_prefix="/parties")


@address_pages.get("/<uuid:party_id>/allow")
@staff_required("agent")
def confirm(party_id: uuid.UUID) -> str | Response:
    """Ask before an address may be written to again."""
    with current().db.read() as session:
        party = find_party(session, party_id)
    if party is None:
        raise PartyNotFound
    email = _stopped(party.emails, request.args.get("address", ""))
    if email is None:
        return _nothing_to_do(party_id)
    return render_template(
        "confirm.html",
        title=gettext("Allow letters again"),
        message=gettext("Allow letters to %(address)s again? It stays allowed until a letter comes back. Do this only "
                        "if you know that the address works now.", address=email.address),
        action=url_for("address_pages.allow", party_id=party_id),
        accept=gettext("Allow letters again"),
        cancel=url_for("pages.show", party_id=party_id),
        kind="primary",
        fields={"address": email.address, "version": party.version},
    )  # fmt: skip


@address_pages.post("/<uuid:party_id>/allow")
@staff_required("agent")
def allow(party_id: uuid.UUID) -> Response:
    """Do it; the mailer takes the address off its list of those to which nothing is sent."""
    address = request.form.get("address", "")
    try:
        with current().db.write() as session:
            clear_address(session, party_id, address, version=request.form.get("version", type=int))
    except PartyChanged:
        flash(gettext("Somebody else changed this party meanwhile. Look at it again."), "warning")
        return redirect(url_for("pages.show", party_id=party_id), 303)
    flash(gettext("%(address)s may be written to again. No letter goes out by itself.", address=address), "success")
    return redirect(url_for("pages.show", party_id=party_id), 303)


def _stopped(emails: list[PartyEmail], address: str) -> PartyEmail | None:
    key = address.lower()
    return next((one for one in emails if one.address_key == key and one.state not in WRITABLE_STATES), None)


def _nothing_to_do(party_id: uuid.UUID) -> Response:
    flash(gettext("This address may be written to already."), "info")
    return redirect(url_for("pages.show", party_id=party_id), 303)
