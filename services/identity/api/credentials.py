"""REST: issuing to one party, looking, revoking."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

import marshmallow as ma
from flask import g, request
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from services.identity.actions.catching_up import refresh_party
from services.identity.actions.issuing import (
    Issued,
    Secret,
    Terms,
    issue_credentials,
    make_link_secret,
    make_random_secret,
)
from services.identity.actions.lifecycle import revoke_access
from services.identity.actions.runtime import runtime
from services.identity.actions.sealing import make_sealer, refresh_sealing_key
from services.identity.api.problems import no_credential, password_refused, requester
from services.identity.models.parties import Party
from services.identity.queries.credentials import list_credentials, list_living
from services.identity.queries.guests import find_hash_beside
from services.identity.queries.parties import find_party
from services.identity.rules.eligibility import UNKNOWN_PARTY
from services.identity.rules.hashing import hash_typed
from services.identity.rules.lifecycle import can_sign_in
from services.identity.rules.passwords import REFUSALS, check_choice
from services.identity.schemas.credentials import CredentialAnswer, CredentialOrder, CredentialsOfParty, Revoked
from shared import clock
from shared.audit import record_act
from shared.web import current, do_not_store, idempotent, require_scope

blp = Blueprint("credentials", __name__, description="Keys to the client area")


def prepared(prepare: Callable[[], None]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a view do what is slow (hashing, asking other services) before `idempotent` opens the transaction."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def with_preparation(*args: Any, **kwargs: Any) -> Any:
            prepare()
            return view(*args, **kwargs)

        return with_preparation

    return decorate


def _prepare_issue() -> None:
    try:
        order: Any = CredentialOrder().load(request.get_json(silent=True) or {})
    except ma.ValidationError:
        return  # the view's own schema tells what is wrong
    held, db = runtime(), current().db
    if order["delivery"] != "none":
        refresh_sealing_key(db, held.clients.mailer)
    refresh_party(db, held.clients.directory, order["party_id"])
    if order["mode"] == "manual":
        g.secret = _typed_secret(order["party_id"], order["password"])
    else:
        g.secret = make_link_secret() if order["delivery"] == "link" else make_random_secret()


def _typed_secret(party_id: uuid.UUID, password: str) -> Secret:
    held = runtime()
    cost = held.policy.password_cost
    with current().db.read() as session:
        party = find_party(session, party_id)
        living = list_living(session, [party_id])
        guests = find_hash_beside(session, party.email if party else None, cost, but=party_id)
    if party is None:
        raise no_credential(UNKNOWN_PARTY)
    try:
        chosen = check_choice(password, personal_words(party))
    except REFUSALS as error:
        raise password_refused(error, "password") from None
    beside = [one.password_hash for one in living if one.state == "active" and one.password_hash]
    with held.gate.place():
        return Secret("manual", hash_typed(chosen, cost, beside=next(iter(beside), guests)), chosen)


def personal_words(party: Party) -> dict[str, str]:
    """What others know about a party and would try first; an e-mail address also tells of the company."""
    return {
        "name": party.name,
        "document": f"{party.document_number} {party.document_key}",
        "email": party.email or "",
        "code": party.code,
    }


@blp.route("/credentials", methods=["POST"])
@require_scope("credentials:issue")
@prepared(_prepare_issue)
@idempotent
@blp.arguments(CredentialOrder)
@blp.response(201, CredentialAnswer)
def issue(session: Session, order: dict[str, Any]) -> dict[str, Any]:
    """Issue a credential. The former one works until this one is delivered or used."""
    held = runtime()
    terms = Terms(
        delivery=order["delivery"],
        issued_by=requester(),
        valid_for=held.policy.initial_valid_for,
        sealer=make_sealer(session, held.keyring) if order["delivery"] != "none" else None,
    )
    outcome = issue_credentials(session, {order["party_id"]: g.secret}, terms)
    for reason in outcome.refused.values():
        raise no_credential(reason)
    issued = outcome.issued[order["party_id"]]
    letter = order["delivery"] != "none"
    _record_issue(session, order, issued)
    answer = {
        "id": issued.id,
        "party_id": issued.party.id,
        "state": "issued",
        "expires_at": issued.expires_at,
        "letter": letter,
        "address": issued.party.email if letter else None,
    }
    if not letter and order["mode"] == "random":
        do_not_store()
        answer["password"] = g.secret.letter
    return answer


def _record_issue(session: Session, order: dict[str, Any], issued: Issued) -> None:
    details = {"mode": order["mode"], "delivery": order["delivery"]}
    if order["delivery"] != "none":
        details["address"] = issued.party.email
    record_act(
        session,
        "identity",
        "credential.issued",
        party_id=issued.party.id,
        subject="credential",
        subject_id=issued.id,
        details=details,
    )


@blp.route("/parties/<uuid:party_id>/credentials", methods=["GET"])
@require_scope("credentials:issue")
@blp.response(200, CredentialsOfParty)
def list_of_party(party_id: uuid.UUID) -> dict[str, Any]:
    """Every credential that a party ever had."""
    with current().db.read() as session:
        items, party = list_credentials(session, party_id), find_party(session, party_id)
    usable = party is not None and party.active and can_sign_in(items, clock.now())
    return {"items": items, "can_sign_in": usable}


@blp.route("/parties/<uuid:party_id>/credentials/revoke", methods=["POST"])
@require_scope("credentials:issue")
@idempotent
@blp.response(200, Revoked)
def revoke(session: Session, party_id: uuid.UUID) -> dict[str, int]:
    """Take every credential from a party, at once."""
    return {"revoked": revoke_access(session, party_id, requester())}
