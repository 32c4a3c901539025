"""Letters that wait, all letters, one letter, and cancelling."""

import uuid
from dataclasses import replace
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.orm import Session

from services.mailer.actions.ending import Cancellation, cancel_all, cancel_batch, cancel_selected
from services.mailer.models import Letter
from services.mailer.pages.filters import chosen_ids, identifier
from services.mailer.pages.shown import (
    age,
    day_and_time,
    effective_delay,
    first_attempt_at,
    goes_out_at,
    outcome_text,
    sees_passwords,
    short_id,
    trouble_text,
    verdict_text,
)
from services.mailer.queries import (
    LetterFilter,
    count_by_state,
    count_letters,
    find_letter,
    list_attempts,
    list_letters,
    list_waiting_batches,
    oldest_waiting,
    queue_of,
)
from services.mailer.queries.returned import find_suppression, list_returned_of
from services.mailer.queries.templates import template_in_use
from services.mailer.rules.options import mail_options
from services.mailer.rules.rendering import Content, Writer
from services.mailer.rules.retrying import WITHOUT_SECRET, may_go_again
from services.mailer.rules.states import (
    CASE_ANSWERED,
    CASE_CLOSED,
    CASE_EXTENDED,
    CASE_OPENED,
    CASE_REMINDER,
    CREDENTIAL,
    CREDENTIAL_LINK,
    EMAIL_CHANGED,
    EMAIL_CONFIRMATION,
    GENERAL,
    INCOME_PUBLISHED,
    INVITATION_CODE,
    INVOICE_ISSUED,
    KINDS,
    NOTICES,
    OVERDUE_FIRST,
    OVERDUE_SECOND,
    OVERDUE_THIRD,
    PENDING,
    RECEIPT,
    RECOVERY,
    REMINDER_BEFORE,
    REMINDER_DUE,
    REPORT_REJECTED,
    STAFF_INVITATION,
    STAFF_RESET,
    SUB_ACCOUNT_INVITATION,
    SUB_ACCOUNT_OPENED,
    TEST,
    WAITING_STATES,
)
from services.mailer.rules.templates import Written
from shared import clock
from shared.web import current, current_staff, safe_next, set_policy, staff_required

KIND_NAMES = {
    CREDENTIAL: _l("Access with password"),
    CREDENTIAL_LINK: _l("Access with a single-use link"),
    RECOVERY: _l("Forgotten password"),
    STAFF_INVITATION: _l("Invitation of the staff"),
    STAFF_RESET: _l("Forgotten password of the staff"),
    EMAIL_CONFIRMATION: _l("Confirmation of a new e-mail address"),
    EMAIL_CHANGED: _l("Changed e-mail address"),
    CASE_OPENED: _l("PQRS received"),
    CASE_ANSWERED: _l("PQRS answered"),
    CASE_EXTENDED: _l("PQRS: more time"),
    CASE_CLOSED: _l("PQRS closed"),
    CASE_REMINDER: _l("PQRS near its deadline, for the staff"),
    REPORT_REJECTED: _l("Reported payment not accepted"),
    RECEIPT: _l("Receipt of a payment"),
    INVOICE_ISSUED: _l("New invoice"),
    REMINDER_BEFORE: _l("Reminder: due soon"),
    REMINDER_DUE: _l("Reminder: due today"),
    OVERDUE_FIRST: _l("First overdue notice"),
    OVERDUE_SECOND: _l("Second overdue notice"),
    OVERDUE_THIRD: _l("Third overdue notice"),
    INCOME_PUBLISHED: _l("New statement of income"),
    SUB_ACCOUNT_INVITATION: _l("Invitation to the client area"),
    SUB_ACCOUNT_OPENED: _l("Access that a client gave"),
    INVITATION_CODE: _l("Code to accept an invitation"),
    GENERAL: _l("Message of another system"),
    TEST: _l("Test of a template"),
}
RENEW = 3

letters = Blueprint("letters", __name__, url_prefix="/backoffice/mailer")


@letters.app_context_processor
def _words() -> dict[str, Any]:
    return {
        "kind_names": KIND_NAMES,
        "age": age,
        "day_and_time": day_and_time,
        "first_attempt_at": first_attempt_at,
        "goes_out_at": goes_out_at,
        "outcome_text": outcome_text,
        "short_id": short_id,
        "trouble_text": trouble_text,
        "verdict_text": verdict_text,
        "sees_passwords": sees_passwords,
        "without_secret": WITHOUT_SECRET,
        "may_go_again": lambda letter: may_go_again(letter.kind, letter.expires_at, clock.now()),
        "local_sink": not mail_options(current().settings).smtp_url,
    }


def _filter(states: tuple[str, ...], *, waiting: bool) -> LetterFilter:
    state, kind = request.args.get("state") or None, request.args.get("kind") or None
    return LetterFilter(
        state=state if state in states else None,
        waiting=waiting and state not in states,
        kind=kind if kind in KINDS else None,
        batch_id=identifier("batch_id"),
        party_id=identifier("party_id"),
        text=request.args.get("q") or None,
    )


@letters.get("/", strict_slashes=False)
@staff_required()
def waiting() -> str:
    """Third parties whose letter waits to go out."""
    wanted = _filter(WAITING_STATES, waiting=True)
    narrowed = any((wanted.state, wanted.kind, wanted.batch_id, wanted.party_id, wanted.text))
    with current().db.read() as session:
        counts = count_by_state(session)
        page = list_letters(session, wanted, cursor=request.args.get("cursor"), oldest_first=True)
        return render_template(
            "mailer/waiting.html",
            page=page,
            counts=counts,
            found=count_letters(session, wanted) if narrowed else None,
            narrowed=narrowed,
            batches=list_waiting_batches(session),
            oldest=oldest_waiting(session),
            queue=queue_of(session),
            delay=effective_delay(session),
            wanted=wanted,
            now=clock.now(),
            refresh=RENEW if counts[PENDING] or counts["sending"] else None,
        )


@letters.get("/letters/<uuid:letter_id>")
@staff_required()
def show(letter_id: uuid.UUID) -> str:
    """One letter: what happened to it, and what it says, its secret masked."""
    with current().db.read() as session:
        letter = find_letter(session, letter_id) or abort(404)
        set_policy(frame_src="'self'")
        return render_template(
            "mailer/letter.html",
            letter=letter,
            attempts=list_attempts(session, letter_id),
            returned=list_returned_of(session, letter_id),
            suppressed=find_suppression(session, letter.address),
            written=_written(session, letter),
            delay=effective_delay(session),
            queue=queue_of(session),
            refresh=RENEW if letter.state in WAITING_STATES else None,
        )


@letters.get("/letters/<uuid:letter_id>/preview")
@staff_required()
def preview(letter_id: uuid.UUID) -> Response:
    """What a mail program would show, for a frame; the secret is masked."""
    with current().db.read() as session:
        written = _written(session, find_letter(session, letter_id) or abort(404)) or abort(404)
    # Only what a letter is made of: its own styles, in a frame that may do nothing.
    set_policy(frame_ancestors="'self'", style_src="'unsafe-inline'", sandbox="", script_src="'none'")
    return Response(written.html, content_type="text/html; charset=utf-8")


def _written(session: Session, letter: Letter) -> Written | None:
    """What it says, its secret masked; None if its words were removed after some months."""
    options = mail_options(current().settings)
    in_use = partial(template_in_use, session)
    writer = Writer(options.public_url, options.timezone, options.mail_from, in_use)
    content = Content(letter.id, letter.kind, letter.language, letter.name, letter.login, "", letter.expires_at)
    if letter.kind in (GENERAL, TEST):
        if letter.text is None:
            return None
        content = replace(content, subject=letter.subject or "", text=letter.text, html=letter.html or "")
    if letter.kind in NOTICES:
        if letter.told is None:
            return None
        content = replace(content, path=letter.path or "", values=letter.told, stop_path=letter.stop_path or "")
    return writer.preview(content)


@letters.get("/cancel")
@staff_required()
def ask_cancel() -> Any:
    """Say how many letters would be cancelled, and ask."""
    back = safe_next(request.args.get("back"), url_for("letters.waiting"))
    ids, batch_id = chosen_ids(request.args.getlist("ids")), identifier("batch_id")
    with current().db.read() as session:
        if request.args.get("all"):
            number, fields = count_letters(session, LetterFilter(state=PENDING)), {"all": "yes"}
        elif batch_id:
            number = count_letters(session, LetterFilter(state=PENDING, batch_id=batch_id))
            fields = {"batch_id": str(batch_id)}
        else:
            found = [find_letter(session, one) for one in ids]
            still = [letter.id for letter in found if letter and letter.state == PENDING]
            number, fields = len(still), {"ids": [str(one) for one in still]}  # type: ignore[dict-item]
    if not number:
        flash(_("No letter of those waits any more.") if ids or batch_id else _("Nothing waits."), "info")
        return redirect(back, 303)
    return render_template(
        "confirm.html",
        title=_("Cancel pending letters"),
        number=number,
        message=ngettext(
            "letter that waits will be cancelled and never sent.",
            "letters that wait will be cancelled and never sent.",
            number,
        ),
        details=[
            _("The new password or link in it is revoked; whoever had a password before still can use that one."),
            _("A letter that is already being sent can not be stopped."),
        ],
        action=url_for("letters.cancel"),
        fields=fields | {"back": back},
        accept=ngettext("Cancel %(num)d letter", "Cancel %(num)d letters", number),
        cancel=back,
        dismiss=_("Go back without cancelling"),
        kind="cancel-pending",
    )


@letters.post("/cancel")
@staff_required("agent")
def cancel() -> Any:
    """Cancel what still waits: all, a batch, or the chosen letters."""
    staff, form = current_staff(), request.form
    by = staff.name if staff else ""
    ids, batches = chosen_ids(form.getlist("ids")), chosen_ids(form.getlist("batch_id"))
    with current().db.write() as session:
        if form.get("all"):
            result = cancel_all(session, by)
        elif batches:
            result = cancel_batch(session, batches[0], by)
        else:
            result = cancel_selected(session, ids, by)
    _say(result)
    return redirect(safe_next(form.get("back"), url_for("letters.waiting")), 303)


def _say(result: Cancellation) -> None:
    flash(
        ngettext("%(num)d letter was cancelled.", "%(num)d letters were cancelled.", result.cancelled),
        "success" if result.cancelled else "info",
    )
    if late := len(result.not_cancelled):
        text = ngettext(
            "%(num)d letter could not be cancelled: it was being sent or had ended already.",
            "%(num)d letters could not be cancelled: they were being sent or had ended already.",
            late,
        )
        flash(text, "warning")
