"""The access of one party: which credentials it had and has, and taking them away."""

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from services.identity.actions.lifecycle import revoke_access
from services.identity.models.parties import Party
from services.identity.pages.shown import BY_NAME, PEOPLE, WORDS, asked_filter
from services.identity.pages.timeline import LONG, SHORT, timeline_of
from services.identity.queries.audit import list_systems
from services.identity.queries.credentials import list_credentials, list_with_access
from services.identity.queries.parties import find_party, parties_matching
from services.identity.rules.lifecycle import LIVING, can_sign_in
from shared import clock
from shared.web import Problem, current, current_staff, paginate, staff_required

blp = Blueprint("credential_pages", __name__, url_prefix="/backoffice/identity/parties")

ROWS = 50


@blp.get("/")
@staff_required()
def show_all() -> str:
    """Find a party and see whether it has access."""
    chosen, given = asked_filter()
    with current().db.read() as session:
        page = paginate(session, parties_matching(chosen), BY_NAME, cursor=request.args.get("cursor"), limit=ROWS)
        living = list_with_access(session, [party.id for party in page.items])
    return render_template("identity/parties.html", page=page, living=living, given=given, **WORDS)


@blp.get("/<uuid:party_id>")
@staff_required()
def show(party_id: uuid.UUID) -> str:
    """The access of a party as it is, and everything that happened with it."""
    with current().db.read() as session:
        party = _party(session, party_id)
        credentials, systems = list_credentials(session, party_id), dict(list_systems(session))
    all_shown = request.args.get("all") == "yes"
    return render_template(
        "identity/party.html",
        party=party,
        credentials=credentials,
        timeline=timeline_of(party_id, LONG if all_shown else SHORT),
        all_shown=all_shown,
        can_sign_in=party.active and can_sign_in(credentials, clock.now()),
        living=[one for one in credentials if one.state in LIVING],
        **(WORDS | {"people": systems | PEOPLE}),
    )


@blp.get("/<uuid:party_id>/revoke")
@staff_required("agent")
def confirm_revoke(party_id: uuid.UUID) -> str:
    """Ask first."""
    with current().db.read() as session:
        party = _party(session, party_id)
    return render_template(
        "confirm.html",
        title=gettext("Revoke access"),
        message=gettext(
            "%(name)s will not be able to sign in any more, and open sessions end at once.", name=party.name
        ),
        details=[gettext("A letter with a password that still waits will not go out.")],
        action=url_for("credential_pages.revoke", party_id=party_id),
        accept=gettext("Revoke access"),
        cancel=url_for("credential_pages.show", party_id=party_id),
        kind="danger",
    )


@blp.post("/<uuid:party_id>/revoke")
@staff_required("agent")
def revoke(party_id: uuid.UUID) -> Any:
    """Take every credential away."""
    staff = current_staff()
    with current().db.write() as session:
        party = _party(session, party_id)
        ended = revoke_access(session, party_id, staff.name if staff else "")
    text = ngettext(
        "%(num)s credential of %(name)s was revoked.",
        "%(num)s credentials of %(name)s were revoked.",
        ended,
        name=party.name,
    )
    flash(text if ended else gettext("There was nothing to revoke."), "success" if ended else "info")
    return redirect(url_for("credential_pages.show", party_id=party_id), 303)


def _party(session: Any, party_id: uuid.UUID) -> Party:
    party = find_party(session, party_id)
    if party is None:
        raise Problem(404)
    return party
