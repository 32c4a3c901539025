"""Every letter: searched, filtered, taken along as a file, and sent again where that makes sense."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from services.mailer.actions.retrying import Retry, count_retry, retry_matching, retry_selected
from services.mailer.models import Letter
from services.mailer.pages.filters import asked_fields, asked_filter, chosen_ids
from services.mailer.pages.letters import KIND_NAMES
from services.mailer.pages.shown import outcome_text
from services.mailer.queries import (
    MOST_COUNTED,
    LetterFilter,
    count_by_state,
    count_letters,
    list_letters,
)
from services.mailer.rules.options import mail_options
from services.mailer.rules.states import STATES
from shared import clock
from shared.audit import record_act
from shared.web import current, safe_next, staff_required
from shared.web.exports import Row, stream_table
from shared.web.look import state_of

AT_ONCE = 500

history = Blueprint("history", __name__, url_prefix="/backoffice/mailer")


@history.get("/letters")
@staff_required()
def index() -> str:
    """Every letter, with how it ended."""
    wanted = asked_filter()
    with current().db.read() as session:
        return render_template(
            "mailer/history.html",
            page=list_letters(session, wanted, cursor=request.args.get("cursor")),
            counts=count_by_state(session),
            found=count_letters(session, wanted, MOST_COUNTED) if wanted.narrows else None,
            most=MOST_COUNTED,
            states=STATES,
            wanted=wanted,
            fields=asked_fields(),
        )


@history.get("/letters/export.<any(csv, xlsx):ending>")
@staff_required()
def export(ending: str) -> Response:
    """Exactly the letters that the list with the same address shows, all pages of it; that it was taken is recorded."""
    wanted, fields = asked_filter(), asked_fields()
    with current().db.write() as session:
        count = count_letters(session, wanted)
        told = ", ".join(f"{name}={value}" for name, value in fields.items())
        details = {"format": ending, **({"filter": told} if told else {})}
        record_act(session, "mailer", "letters.exported", subject="letters", count=count, details=details)
    zone = ZoneInfo(mail_options(current().settings).timezone)
    name = f"{_('letters')}-{clock.now().astimezone(zone):%Y-%m-%d}"
    return stream_table(ending, name, _header(), _rows(wanted, zone))


def _header() -> list[str]:
    return [
        _("Name"),
        _("Document"),
        _("Address"),
        _("Letter"),
        _("Subject"),
        _("Batch"),
        _("Created"),
        _("Ended"),
        _("State"),
        _("What happened"),
        _("Attempts"),
        "Message-ID",
    ]


def _rows(wanted: LetterFilter, zone: ZoneInfo) -> Iterator[Row]:
    """Read in pieces, each in a transaction of its own: a download may take minutes."""
    cursor: str | None = None
    while True:
        with current().db.read() as session:
            page = list_letters(session, wanted, cursor=cursor, limit=AT_ONCE)
        for letter in page.items:
            yield _row(letter, zone)
        if page.next is None:
            return
        cursor = page.next


def _row(letter: Letter, zone: ZoneInfo) -> Row:
    def local(moment: Any) -> str:
        return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}" if moment else ""

    return [
        letter.name,
        letter.document,
        letter.address,
        str(KIND_NAMES.get(letter.kind, letter.kind)),
        letter.subject,
        letter.batch_id.hex[-8:] if letter.batch_id else "",
        local(letter.created_at),
        local(letter.ended_at),
        str(state_of(letter.state)[0]),
        outcome_text(letter),
        letter.attempts,
        letter.message_id,
    ]


@history.get("/letters/retry")
@staff_required("agent")
def ask_retry() -> Any:
    """Say how many letters go again and which can not, and ask."""
    ids, wanted, fields = chosen_ids(request.args.getlist("ids")), asked_filter(), asked_fields()
    back = safe_next(request.args.get("back"), url_for("history.index", **dict[str, Any](fields)))
    conditions = [Letter.id.in_(ids)] if ids else _failed_of(wanted)
    with current().db.read() as session:
        found = count_retry(session, conditions)
    if not found.retried:
        flash(_issue_again(found), "warning")
        return redirect(back, 303)
    return render_template(
        "confirm.html",
        title=_("Send failed letters again"),
        number=found.retried,
        message=ngettext("failed letter will be sent again.", "failed letters will be sent again.", found.retried),
        details=[_issue_again(found)] if found.to_issue_again else [],
        action=url_for("history.retry"),
        fields=({"ids": [str(one) for one in ids]} if ids else fields) | {"back": back},
        accept=ngettext("Send %(num)d letter again", "Send %(num)d letters again", found.retried),
        cancel=back,
        dismiss=_("Go back without sending"),
    )


@history.post("/letters/retry")
@staff_required("agent")
def retry() -> Any:
    """Put failed letters in the queue again: the chosen ones, or all that the filter lets through."""
    ids, wanted = chosen_ids(request.form.getlist("ids")), asked_filter()
    with current().db.write() as session:
        done = retry_selected(session, ids) if ids else retry_matching(session, wanted)
    text = ngettext("%(num)d letter is in the queue again.", "%(num)d letters are in the queue again.", done.retried)
    flash(text, "success" if done.retried else "info")
    if done.to_issue_again:
        flash(_issue_again(done), "warning")
    return redirect(safe_next(request.form.get("back"), url_for("history.index")), 303)


def _failed_of(wanted: LetterFilter) -> Any:
    with current().db.read() as session:
        return wanted.conditions(session)


def _issue_again(found: Retry) -> str:
    if not found.to_issue_again:
        return _("No failed letter is like that.")
    return ngettext(
        "%(num)d failed letter carried a key. The key was destroyed, so the letter can not go again: open the letter "
        "and issue a new key from there.",
        "%(num)d failed letters carried keys. The keys were destroyed, so the letters can not go again: issue new keys "
        "in Access.",
        found.to_issue_again,
    )
