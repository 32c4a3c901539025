"""REST: checking a sign-in, changing and recovering passwords. For the portal."""

from typing import Any

from flask_babel import gettext
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from services.identity.actions.passwords import (
    LinkGone,
    choose_password,
    complete_recovery,
    find_open_link,
    request_recovery,
)
from services.identity.actions.runtime import Runtime, runtime
from services.identity.actions.sealing import make_sealer, refresh_sealing_key
from services.identity.actions.second_factor import make_proof
from services.identity.actions.throttling import count_attempt, forgive_attempt
from services.identity.actions.verification import (
    Candidate,
    attempt_of_login,
    attempt_of_party,
    begin_attempt,
    find_by_id,
    find_by_login,
    find_match,
    needs_renewal,
    renew_hash,
    settle_attempt,
)
from services.identity.api.credentials import personal_words
from services.identity.api.problems import explain_refusal, password_refused
from services.identity.models.parties import Party
from services.identity.queries.guests import find_hash_beside
from services.identity.queries.parties import find_party
from services.identity.queries.second_factor import Owner, has_factor
from services.identity.rules.hashing import hash_typed
from services.identity.rules.lifecycle import must_change
from services.identity.rules.passwords import REFUSALS, check_choice, normalise
from services.identity.rules.second_factor import PARTY
from services.identity.schemas.credentials import (
    LinkState,
    LinkToken,
    LinkUse,
    PasswordChange,
    PasswordChanged,
    RecoveryWish,
    SignIn,
    Verified,
)
from shared.web import Problem, current, require_scope

blp = Blueprint("passwords", __name__, description="Sign-in of clients and the passwords that they choose")

NOT_VALID = {"valid": False}


@blp.route("/credentials/verify", methods=["POST"])
@require_scope("credentials:verify")
@blp.arguments(SignIn)
@blp.response(200, Verified)
@blp.alt_response(429, description="Too many attempts; Retry-After says when to come again")
def verify(body: dict[str, Any]) -> dict[str, Any]:
    """Whether login and password belong together. Every failure gets the same answer after the same work.

    Where the answer says `second_factor`, the person is not in yet: `POST /credentials/verify-code` is the second step.
    """
    held, db = runtime(), current().db
    counted = attempt_of_login(body["login"], body["address"], held.policy)
    with held.gate.place():
        with db.write() as session:
            candidates = begin_attempt(session, counted, find_by_login(body["login"]))
        matched = find_match(candidates, body["password"], held.policy.password_cost)
        if matched is None:
            return NOT_VALID
        renewed = _renewed(held, matched, candidates, body["password"])
    more: dict[str, Any] = {}
    with db.write() as session:
        if not settle_attempt(session, matched, counted):
            return NOT_VALID
        if renewed:
            renew_hash(session, matched, renewed)
        if has_factor(session, Owner(PARTY, matched.party_id)):
            more = {"second_factor": True, "proof": make_proof(session, matched.party_id, matched.credential_id)}
    change = must_change(matched.origin, initial_must_change=held.policy.initial_must_change)
    return {
        "valid": True,
        "subject": matched.party_id,
        "guest": matched.guest,
        "credential_id": matched.credential_id,
        "must_change": change,
        **more,
    }


def _renewed(held: Runtime, matched: Candidate, candidates: list[Candidate], password: str) -> str | None:
    cost = held.policy.password_cost
    return hash_typed(normalise(password), cost) if needs_renewal(matched, candidates, cost) else None


@blp.route("/passwords", methods=["POST"])
@require_scope("passwords:write")
@blp.arguments(PasswordChange)
@blp.response(200, PasswordChanged)
@blp.alt_response(429, description="Too many attempts; Retry-After says when to come again")
@blp.alt_response(409, description="The access changed meanwhile")
def change(body: dict[str, Any]) -> dict[str, Any]:
    """A signed-in person chooses another password; all other sessions end."""
    held, db = runtime(), current().db
    counted = attempt_of_party(body["party_id"], body["address"], held.policy)
    errors: dict[str, str] = {}
    with held.gate.place():
        with db.write() as session:
            candidates = begin_attempt(session, counted, find_by_id(body["party_id"]))
            party = find_party(session, body["party_id"])
            beside = _hash_beside(session, party)
        matched = find_match(candidates, body["current_password"], held.policy.password_cost)
        if matched is None:
            errors["current_password"] = gettext("This is not your present password.")
        try:
            chosen = check_choice(body["new_password"], personal_words(party) if party else {})
        except REFUSALS as error:
            errors["new_password"] = explain_refusal(error)
        else:
            if chosen == normalise(body["current_password"]):
                errors["new_password"] = gettext("Choose a password that differs from the present one.")
        if matched is None or errors:
            _forgive_known(db, counted, matched)
            listed = [{"field": field, "message": text} for field, text in errors.items()]
            raise Problem(422, listed[0]["message"], errors=listed)
        hashed = hash_typed(chosen, held.policy.password_cost, beside=beside)
    with db.write() as session:
        credential_id = choose_password(session, body["party_id"], hashed, proven=matched.credential_id)
        forgive_attempt(session, counted[0], counted[1:])
    guest = party is not None and party.is_guest
    return {"credential_id": credential_id, "subject": body["party_id"], "guest": guest}


def _hash_beside(session: Session, party: Party | None) -> str | None:
    cost = runtime().policy.password_cost
    return find_hash_beside(session, party.email, cost, but=party.id) if party else None


def _forgive_known(db: Any, counted: Any, matched: Candidate | None) -> None:
    if matched is not None:  # a weak new password is no failed attempt
        with db.write() as session:
            forgive_attempt(session, counted[0], counted[1:])


@blp.route("/recoveries", methods=["POST"])
@require_scope("passwords:write")
@blp.arguments(RecoveryWish)
@blp.response(202)
@blp.alt_response(429, description="Too many attempts; Retry-After says when to come again")
def ask_recovery(body: dict[str, Any]) -> dict[str, Any]:
    """Send a link for a new password to whoever this is. The answer never tells whether there is somebody."""
    held, db = runtime(), current().db
    refresh_sealing_key(db, held.clients.mailer)
    counted = attempt_of_login(body["login"], body["address"], held.policy)
    counted[0] = (held.policy.recovery_limit, f"recovery:{counted[0][1]}")
    with db.write() as session:
        count_attempt(session, counted)
        request_recovery(session, body["login"], make_sealer(session, held.keyring), held.policy.recovery_valid_for)
    return {}


@blp.route("/recoveries/check", methods=["POST"])
@require_scope("passwords:write")
@blp.arguments(LinkToken)
@blp.response(200, LinkState)
def check_recovery(body: dict[str, Any]) -> dict[str, Any]:
    """Whether a link may still be used; looking does not use it up."""
    with current().db.read() as session:
        try:
            link, _ = find_open_link(session, body["token"])
        except LinkGone as error:
            return {"valid": False, "reason": error.reason}
        return {"valid": True, "purpose": link.purpose}


@blp.route("/recoveries/complete", methods=["POST"])
@require_scope("passwords:write")
@blp.arguments(LinkUse)
@blp.response(200, PasswordChanged)
@blp.alt_response(410, description="The link was used, was replaced, or has expired")
def complete(body: dict[str, Any]) -> dict[str, Any]:
    """Set the password that a link allows to set. The link is gone afterwards; a refused password leaves it."""
    held, db = runtime(), current().db
    with db.read() as session:
        _, party = find_open_link(session, body["token"])
        beside = _hash_beside(session, party)
    try:
        chosen = check_choice(body["new_password"], personal_words(party))
    except REFUSALS as error:
        raise password_refused(error, "new_password") from None
    with held.gate.place():
        hashed = hash_typed(chosen, held.policy.password_cost, beside=beside)
    with db.write() as session:
        subject, credential_id = complete_recovery(session, body["token"], hashed)
    return {"subject": subject, "credential_id": credential_id, "guest": party.is_guest}
