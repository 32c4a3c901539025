"""How the errors of credentials are answered over HTTP."""

from flask import Flask, Response
from flask_babel import gettext

from services.identity.actions.passwords import CredentialGone, LinkGone
from services.identity.actions.sealing import NoSealingKey
from services.identity.actions.throttling import Throttled
from services.identity.actions.verification import TooManyAtOnce
from services.identity.rules import eligibility as why
from services.identity.rules.passwords import (
    LONGEST_BYTES,
    SHORTEST,
    PasswordTooLong,
    PasswordTooShort,
    PasswordTooWeak,
    PasswordUnreadable,
)
from shared.web import Problem, acting_staff, current_client, problem_response


def N_(text: str) -> str:  # noqa: N802 - the customary name of a marker that only extracts
    """Mark a text of a library for extraction."""
    return text


ZXCVBN_SAYS = (
    N_("Use a few words, avoid common phrases."),
    N_("No need for symbols, digits, or uppercase letters."),
    N_("Add another word or two. Uncommon words are better."),
    N_("Straight rows of keys are easy to guess."),
    N_("Short keyboard patterns are easy to guess."),
    N_("Use a longer keyboard pattern with more turns."),
    N_('Repeats like "aaa" are easy to guess.'),
    N_('Repeats like "abcabcabc" are only slightly harder to guess than "abc".'),
    N_("Avoid repeated words and characters."),
    N_('Sequences like "abc" or "6543" are easy to guess.'),
    N_("Avoid sequences."),
    N_("Recent years are easy to guess."),
    N_("Avoid recent years."),
    N_("Avoid years that are associated with you."),
    N_("Dates are often easy to guess."),
    N_("Avoid dates and years that are associated with you."),
    N_("This is a top-10 common password."),
    N_("This is a top-100 common password."),
    N_("This is a very common password."),
    N_("This is similar to a commonly used password."),
    N_("A word by itself is easy to guess."),
    N_("Names and surnames by themselves are easy to guess."),
    N_("Common names and surnames are easy to guess."),
    N_("Capitalization doesn't help very much."),
    N_("All-uppercase is almost as easy to guess as all-lowercase."),
    N_("Reversed words aren't much harder to guess."),
    N_("Predictable substitutions like '@' instead of 'a' don't help very much."),
)


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


def explain_refusal(error: Exception) -> str:
    """Why a password is refused, in the reader's language."""
    match error:
        case PasswordTooLong():
            return gettext("The password is too long: at most %(n)d bytes (letters with accents count double).", n=LONGEST_BYTES)
        case PasswordTooShort():
            return gettext("The password is too short: at least %(n)d characters.", n=SHORTEST)
        case PasswordUnreadable():
            return gettext("The password holds characters that cannot be typed.")
        case PasswordTooWeak():
            said = [gettext(text) for text in (error.warning, *error.suggestions) if text in ZXCVBN_SAYS]
            return " ".join([gettext("This password is easy to guess."), *said])
    raise TypeError(error)


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
