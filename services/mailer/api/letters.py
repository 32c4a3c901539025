"""REST of letters: lists, one letter, cancelling, and letters that came back."""

import uuid
from typing import Any

from flask_babel import gettext as _
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from services.mailer.actions.bouncing import mark_bounced
from services.mailer.actions.ending import Cancellation, cancel_all, cancel_batch, cancel_selected
from services.mailer.actions.requesting import request_letter
from services.mailer.actions.retrying import Retry, retry_batch, retry_matching, retry_selected
from services.mailer.api.caller import caller
from services.mailer.queries import LetterFilter, find_letter, list_attempts, list_letters
from services.mailer.rules.states import FAILED
from services.mailer.schemas import (
    BouncedIn,
    CancelIn,
    CancellationOut,
    LetterDetailOut,
    LetterOut,
    LetterPage,
    LetterQuery,
)
from services.mailer.schemas.requests import LetterIn
from services.mailer.schemas.returned import RetryIn, RetryOut
from shared.web import Problem, answer_page, current, idempotent, require_scope

letters = Blueprint("letters_api", __name__, url_prefix="/letters", description="Letters")


@letters.get("")
@require_scope("letters:read")
@letters.arguments(LetterQuery, location="query")
@letters.response(200, LetterPage)
def index(query: dict[str, Any]) -> Any:
    """Letters, the newest first."""
    wanted = LetterFilter(
        state=query["state"],
        kind=query["kind"],
        batch_id=query["batch_id"],
        party_id=query["party_id"],
        since=query["created_from"],
        before=query["created_before"],
        text=query["q"],
    )
    with current().db.read() as session:
        return answer_page(list_letters(session, wanted, cursor=query["cursor"], limit=query["limit"]))


@letters.post("")
@require_scope("letters:send")
@idempotent
@letters.arguments(LetterIn)
@letters.response(201, LetterOut)
def ask(session: Session, body: dict[str, Any]) -> Any:
    """Ask for a letter in words of your own. One to an address on the suppression list has failed at once."""
    letter_id = request_letter(session, body["letter"], caller(), body["delay"])
    return find_letter(session, letter_id)


@letters.get("/<uuid:letter_id>")
@require_scope("letters:read")
@letters.response(200, LetterDetailOut)
def show(letter_id: uuid.UUID) -> Any:
    """A letter with its attempts."""
    with current().db.read() as session:
        letter = find_letter(session, letter_id)
        if letter is None:
            raise Problem(404, _("There is no such letter."))
        letter.attempt_list = list_attempts(session, letter_id)  # type: ignore[attr-defined]
        return letter


@letters.post("/cancel")
@require_scope("letters:cancel")
@idempotent
@letters.arguments(CancelIn)
@letters.response(200, CancellationOut)
def cancel(session: Session, body: dict[str, Any]) -> Cancellation:
    """Cancel letters that wait: some by their ids, a batch, or all. What is being sent can not be cancelled."""
    if "ids" in body:
        return cancel_selected(session, body["ids"], caller())
    if "batch_id" in body:
        return cancel_batch(session, body["batch_id"], caller())
    return cancel_all(session, caller())


@letters.post("/retry")
@require_scope("letters:send")
@idempotent
@letters.arguments(RetryIn)
@letters.response(200, RetryOut)
def retry(session: Session, body: dict[str, Any]) -> Retry:
    """Send failed letters again: some by their ids, those of a batch, or all.

    Only letters without a secret can go again; a credential whose letter failed is issued again.
    """
    if "ids" in body:
        return retry_selected(session, body["ids"])
    if "batch_id" in body:
        return retry_batch(session, body["batch_id"])
    return retry_matching(session, LetterFilter(state=FAILED))


@letters.post("/<uuid:letter_id>/bounced")
@require_scope("letters:cancel")
@idempotent
@letters.arguments(BouncedIn)
@letters.response(200, LetterOut)
@letters.alt_response(409, description="It is not a letter that was sent, or it came back already")
def bounced(session: Session, body: dict[str, Any], letter_id: uuid.UUID) -> Any:
    """Say that a sent letter came back: unless somebody used its key, the former one is valid again."""
    marked = mark_bounced(session, letter_id, body["answer"], caller())
    letter = find_letter(session, letter_id)
    if letter is None:
        raise Problem(404, _("There is no such letter."))
    if not marked:
        raise Problem(409, _("Only a letter that was sent can come back."), state=letter.state)
    return letter
