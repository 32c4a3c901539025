"""REST: letting in people who are no party of the directory. For the portal, whose clients invite them."""

from typing import Any

import marshmallow as ma
from flask import g, request
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from services.identity.actions.guests import NewGuest, make_guest
from services.identity.actions.runtime import runtime
from services.identity.api.credentials import prepared
from services.identity.api.problems import password_refused
from services.identity.queries.guests import find_hash_beside, find_subject, has_password
from services.identity.rules.hashing import hash_typed
from services.identity.rules.passwords import REFUSALS, check_choice
from services.identity.schemas.guests import GuestAddress, GuestAnswer, GuestFound, GuestOrder
from shared.web import current, idempotent, require_scope

blp = Blueprint("guests", __name__, url_prefix="/guests", description="People whom clients let into their area")


@blp.route("/find", methods=["POST"])
@require_scope("guests:write")
@blp.arguments(GuestAddress)
@blp.response(200, GuestFound)
def find(body: dict[str, Any]) -> dict[str, Any]:
    """Who signs in with an e-mail address, and whether they can do so now. (A POST, so that no log holds addresses.)"""
    with current().db.read() as session:
        found = find_subject(session, body["address"])
        if found is None:
            return {"subject": None, "has_access": False}
        return {"subject": found.id, "has_access": has_password(session, found.id)}


def _prepare_guest() -> None:
    try:
        order: Any = GuestOrder().load(request.get_json(silent=True) or {})
    except ma.ValidationError:
        return  # the view's own schema tells what is wrong
    try:
        chosen = check_choice(order["password"], {"name": order["name"], "email": order["address"]})
    except REFUSALS as error:
        raise password_refused(error, "password") from None
    held = runtime()
    cost = held.policy.password_cost
    with current().db.read() as session:
        beside = find_hash_beside(session, order["address"], cost)
    # Also where the address has access already and this is for nothing: both cases take as long.
    with held.gate.place():
        g.password_hash = hash_typed(chosen, cost, beside=beside)


@blp.route("", methods=["POST"])
@require_scope("guests:write")
@prepared(_prepare_guest)
@idempotent
@blp.arguments(GuestOrder)
@blp.response(201, GuestAnswer)
@blp.alt_response(200, schema=GuestAnswer, description="The address has access already; nothing changed")
def create(session: Session, order: dict[str, Any]) -> Any:
    """Let somebody in with a password. Whoever has access with this address already keeps what they have."""
    new = NewGuest(
        address=order["address"],
        name=order["name"],
        language=order["language"],
        password_hash=g.password_hash,
        initial=order["initial"],
    )
    made = make_guest(session, new, runtime().policy.initial_valid_for)
    created = made.credential_id is not None
    answer = {"subject": made.subject, "credential_id": made.credential_id, "created": created}
    return answer if created else (answer, 200)
