"""How the errors of credentials are answered over HTTP."""

from flask import Flask, Response
from flask_babel import gettext

from services.identity.actions.passwords import CredentialGone, LinkGone
from services.identity.actions.sealing import NoSealingKey
from services.identity.actions.throttling import Throttled
from services.identity.actions.verification import TooManyAtOnce
from services.identity.rules import eligibility as why
from services.identity.schemas.refusals import explain_refusal
from shared.web import Problem, acting_staff, current_client, problem_response


def init_problems(app: Flask) -> None:
    """Register the answers to errors that any of the REST views may raise."""
    app.register_error_handler(Throttled, _throttled)
    app.register_error_handler(TooManyAtOnce, _too_many)
    app.register_error_handler(NoSealingKey, _no_key)
    app.register_error_handler(LinkGone, _link_gone)
    app.register_error_handler(CredentialGone, _credential_gone)


def requester() -> str:
    """Who stands behind this request, as it is shown later: the staff member, or else the program."""
    actor, client = acting_staff(), current_client()
    return actor.name if actor else (client.id if client else "")


def password_refused(error: Exception, field: str) -> Problem:
    """The answer to a password that may not be had."""
    text = explain_refusal(error)
    return Problem(422, text, errors=[{"field": field, "message": text}])


def no_credential(reason: str) -> Problem:
    """The answer where a party cannot get a credential."""
    texts = {
        why.UNKNOWN_PARTY: gettext("There is no such party."),
        why.INACTIVE: gettext("The party is not active."),
        why.NO_EMAIL: gettext("The party has no principal e-mail address."),
        why.BLOCKED_ADDRESS: gettext("The party's e-mail address must not be written to: a letter to it came back."),
    }
    status = 422 if reason == why.UNKNOWN_PARTY else 409
    return Problem(status, texts[reason], errors=[{"field": "party_id", "message": texts[reason]}], reason=reason)


def _throttled(error: Throttled) -> Response:
    detail = gettext("Too many attempts. Wait a little and try again.")
    return problem_response(429, detail, headers=[("Retry-After", str(error.retry_after))])


def _too_many(_error: TooManyAtOnce) -> Response:
    detail = gettext("Very many people are signing in at this moment. Try again in a few seconds.")
    return problem_response(503, detail, headers=[("Retry-After", "2")])


def _no_key(_error: NoSealingKey) -> Response:
    detail = gettext("The mail service does not answer, so no letter can be written. Try again shortly.")
    return problem_response(503, detail, headers=[("Retry-After", "5")])


def _link_gone(_error: LinkGone) -> Response:
    return problem_response(410, gettext("This link was used, was replaced by a newer one, or has expired."))


def _credential_gone(_error: CredentialGone) -> Response:
    return problem_response(409, gettext("The access changed meanwhile. Sign in again."))
