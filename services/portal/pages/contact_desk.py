"""The contacts and sub-accounts of a client, as the staff sees them."""

import uuid
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from services.portal.pages.contact_acts import STEPS, ask, carry_out
from services.portal.queries.contacts import find_row, list_contacts, list_removed_contacts
from services.portal.queries.parties import find_party
from services.portal.schemas.contacts import notice_names, right_names, state_details, state_of_contact
from shared import clock
from shared.web import current, staff_required

contact_desk = Blueprint("contact_desk", __name__, url_prefix="/backoffice/portal/clients/<uuid:party_id>/contacts")


@contact_desk.get("")
@staff_required()
def index(party_id: uuid.UUID) -> str:
    """Everybody whom a client named, and whom they removed."""
    with current().db.read() as session:
        party = find_party(session, party_id) or abort(404)
        rows, removed = list_contacts(session, party_id), list_removed_contacts(session, party_id)
    now = clock.now()
    return render_template(
        "portal/contacts/desk.html",
        party=party,
        rows=rows,
        removed=removed,
        state_of=lambda row: state_of_contact(row, now),
        details_of=lambda row: state_details(row, now),
        right_names=right_names,
        notice_names=notice_names,
    )


@contact_desk.route(f"/<uuid:contact_id>/<any({', '.join(STEPS)}):step>", methods=["GET", "POST"])
@staff_required("agent")
def act(party_id: uuid.UUID, contact_id: uuid.UUID, step: str) -> Any:
    """Invite again, take the invitation back, suspend, let in again or remove, after asking."""
    back = url_for("contact_desk.index", party_id=party_id)
    with current().db.read() as session:
        row = find_row(session, party_id, contact_id) or abort(404)
    if request.method == "POST":
        flash(*carry_out(step, party_id, row.contact, None))
        return redirect(back, 303)
    action = url_for("contact_desk.act", party_id=party_id, contact_id=contact_id, step=step)
    return ask(step, row.contact, action, back, "backoffice.html")
