"""The second factor of a client, as the staff sees it; an agent can remove it for somebody who has lost the phone."""

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext

from services.identity.actions.second_factor import remove_factor
from services.identity.models.parties import Party
from services.identity.queries.parties import find_party
from services.identity.queries.second_factor import FactorState, Owner, state_of_factor
from services.identity.rules.second_factor import PARTY
from shared.web import Problem, current, staff_required

blp = Blueprint(
    "party_second_factor", __name__, url_prefix="/backoffice/identity/parties/<uuid:party_id>/second-factor"
)


@blp.get("/remove")
@staff_required("agent")
def ask_remove(party_id: uuid.UUID) -> str:
    """Is it really meant?"""
    party = _party(party_id)
    return render_template(
        "confirm.html",
        title=gettext("Remove the second factor of %(name)s", name=party.name),
        message=gettext("The password alone will let %(name)s in, until they set up a new one.", name=party.name),
        details=[
            gettext("Do this only for somebody of whom you are sure: by telephone or face to face, not by e-mail."),
            gettext("The recovery codes stop working, too."),
        ],
        action=url_for("party_second_factor.remove", party_id=party_id),
        accept=gettext("Remove the second factor"),
        cancel=url_for("credential_pages.show", party_id=party_id),
        kind="danger",
    )


@blp.post("/remove")
@staff_required("agent")
def remove(party_id: uuid.UUID) -> Any:
    """Remove it."""
    party = _party(party_id)
    with current().db.write() as session:
        removed = remove_factor(session, Owner(PARTY, party_id))
    if removed:
        flash(gettext("The second factor of %(name)s is removed.", name=party.name), "success")
    else:
        flash(gettext("%(name)s has no second factor.", name=party.name), "info")
    return redirect(url_for("credential_pages.show", party_id=party_id), 303)


def factor_of_party(party_id: uuid.UUID) -> FactorState:
    """For the page of a party."""
    with current().db.read() as session:
        return state_of_factor(session, Owner(PARTY, party_id))


@blp.app_context_processor
def pieces() -> dict[str, Any]:
    """What `identity/party_second_factor.html` needs, wherever it is included."""
    return {"factor_of_party": factor_of_party}


def _party(party_id: uuid.UUID) -> Party:
    with current().db.read() as session:
        party = find_party(session, party_id)
    if party is None:
        raise Problem(404)
    return party
