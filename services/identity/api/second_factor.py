"""REST: the second factor of clients. For the portal, in the name of a client who is signed in there."""

import uuid
from typing import Any

from flask import Flask, Response, request
from flask_babel import gettext
from flask_smorest import Blueprint

from services.identity.actions.proving import hashes_of_party, is_proven
from services.identity.actions.runtime import runtime
from services.identity.actions.second_factor import (
    FactorExists,
    NoFactor,
    NothingBegun,
    WrongCode,
    attempt_of_code,
    begin_enrolment,
    confirm_enrolment,
    find_open_proof,
    remove_factor,
    renew_recovery_codes,
    try_code,
    use_proof,
)
from services.identity.models.credentials import Credential
from services.identity.models.parties import Party
from services.identity.queries.parties import find_party
from services.identity.queries.second_factor import FactorState, Owner, has_factor, state_of_factor
from services.identity.rules.lifecycle import LIVING, must_change
from services.identity.rules.second_factor import PARTY, address_of
from services.identity.schemas.credentials import CodeCheck, Verified
from services.identity.schemas.second_factor import (
    FactorAnswer,
    FactorBegun,
    FactorCode,
    FactorProof,
    RecoveryCodes,
)
from shared.audit import Actor, become
from shared.web import Problem, current, problem_response, require_scope

blp = Blueprint("second_factors", __name__, description="Second factors of clients")

NOT_VALID = {"valid": False}
TOO_MANY = "Too many attempts; Retry-After says when to come again"


@blp.route("/credentials/verify-code", methods=["POST"])
@require_scope("credentials:verify")
@blp.arguments(CodeCheck)
@blp.response(200, Verified)
@blp.alt_response(429, description=TOO_MANY)
def verify_code(body: dict[str, Any]) -> dict[str, Any]:
    """The second step of a sign-in: a code of the phone, or a recovery code. Each is good once.

    `proof` is what the first step answered. Where it is too old or was used, the answer says `expired`.
    """
    held, owner = runtime(), Owner(PARTY, body["subject"])
    counted = attempt_of_code(owner, body["address"], held.policy)
    with current().db.write() as session:
        proof = find_open_proof(session, body["proof"], body["subject"])
        if proof is None:
            return NOT_VALID | {"expired": True}
        if not try_code(session, owner, body["code"], held.keyring, counted):
            return NOT_VALID
        party, credential = session.get_one(Party, proof.party_id), session.get_one(Credential, proof.credential_id)
        if not use_proof(session, proof) or not party.active or credential.state not in LIVING:
            return NOT_VALID | {"expired": True}
        change = must_change(credential.origin, initial_must_change=held.policy.initial_must_change)
        return {
            "valid": True,
            "subject": party.id,
            "guest": party.is_guest,
            "credential_id": credential.id,
            "must_change": change,
        }


@blp.route("/parties/<uuid:party_id>/second-factor", methods=["GET"])
@require_scope("passwords:write")
@blp.response(200, FactorAnswer)
@blp.alt_response(404, description="There is no such party")
def get(party_id: uuid.UUID) -> FactorState:
    """Whether a code is asked for when the party signs in."""
    with current().db.read() as session:
        _party(find_party(session, party_id))
        return state_of_factor(session, Owner(PARTY, party_id))


@blp.route("/parties/<uuid:party_id>/second-factor", methods=["POST"])
@require_scope("passwords:write")
@blp.response(200, FactorBegun)
@blp.alt_response(404, description="There is no such party")
@blp.alt_response(409, description="There is a second factor already: remove it first")
def begin(party_id: uuid.UUID) -> dict[str, str]:
    """Make a secret for the phone; asked again shortly after, the same. It counts once a code of it was given."""
    with current().db.write() as session:
        party = _party(find_party(session, party_id))
        secret = begin_enrolment(session, Owner(PARTY, party_id), runtime().keyring)
    host = current().settings.public_url.partition("://")[2]
    return {"secret": secret, "uri": address_of(secret, party.login, f"Portería ({host})")}


@blp.route("/parties/<uuid:party_id>/second-factor/confirm", methods=["POST"])
@require_scope("passwords:write")
@blp.arguments(FactorCode)
@blp.response(200, RecoveryCodes)
@blp.alt_response(404, description="There is no such party")
@blp.alt_response(409, description="Nothing was begun, or too long ago")
def confirm(body: dict[str, Any], party_id: uuid.UUID) -> dict[str, Any]:
    """The phone's first code turns it on. The recovery codes are told only in this answer."""
    with current().db.write() as session:
        _become(_party(find_party(session, party_id)), body["address"])
        return {"recovery_codes": confirm_enrolment(session, Owner(PARTY, party_id), body["code"], runtime().keyring)}


@blp.route("/parties/<uuid:party_id>/second-factor/recovery-codes", methods=["POST"])
@require_scope("passwords:write")
@blp.arguments(FactorProof)
@blp.response(200, RecoveryCodes)
@blp.alt_response(404, description="There is no such party")
@blp.alt_response(409, description="There is no second factor")
@blp.alt_response(429, description=TOO_MANY)
def renew(body: dict[str, Any], party_id: uuid.UUID) -> dict[str, Any]:
    """Fresh recovery codes; the former ones stop working."""
    _prove(party_id, body)
    with current().db.write() as session:
        return {"recovery_codes": renew_recovery_codes(session, Owner(PARTY, party_id), runtime().keyring)}


@blp.route("/parties/<uuid:party_id>/second-factor/remove", methods=["POST"])
@require_scope("passwords:write")
@blp.arguments(FactorProof)
@blp.response(200, FactorAnswer)
@blp.alt_response(404, description="There is no such party")
@blp.alt_response(409, description="There is no second factor")
@blp.alt_response(429, description=TOO_MANY)
def remove(body: dict[str, Any], party_id: uuid.UUID) -> FactorState:
    """From now on the password alone opens."""
    _prove(party_id, body)
    with current().db.write() as session:
        remove_factor(session, Owner(PARTY, party_id))
        return FactorState(None, 0)


def _prove(party_id: uuid.UUID, body: dict[str, Any]) -> None:
    owner, db = Owner(PARTY, party_id), current().db
    with db.read() as session:
        party = _party(find_party(session, party_id))
        if not has_factor(session, owner):
            raise NoFactor
    _become(party, body["address"])
    if not is_proven(db, runtime(), owner, body["proof"], body["address"] or "", hashes_of_party(owner)):
        text = gettext("Neither the password nor a code.")
        raise Problem(422, text, errors=[{"field": "proof", "message": text}])


def _become(party: Party, address: str | None) -> None:
    become(Actor("party", str(party.id), party.name, address or request.remote_addr or ""))


def _party(party: Party | None) -> Party:
    if party is None:
        raise Problem(404, gettext("There is no such party."))
    return party


def init_factor_problems(app: Flask) -> None:
    """Register the answers to errors of second factors."""
    app.register_error_handler(FactorExists, _exists)
    app.register_error_handler(NoFactor, _none)
    app.register_error_handler(NothingBegun, _nothing_begun)
    app.register_error_handler(WrongCode, _wrong_code)


def _exists(_error: FactorExists) -> Response:
    return problem_response(409, gettext("There is a second factor already. Remove it first."))


def _none(_error: NoFactor) -> Response:
    return problem_response(409, gettext("There is no second factor."))


def _nothing_begun(_error: NothingBegun) -> Response:
    return problem_response(409, gettext("This took too long. Begin again and scan the new picture."))


def _wrong_code(_error: WrongCode) -> Response:
    text = gettext("This is not the code that the phone shows now. Check that its time is right.")
    return problem_response(422, text, errors=[{"field": "code", "message": text}])
