"""Stopping letters from the letter itself: without signing in, with one click of the mail program or of the page."""

import uuid

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext

from services.portal.actions.choices import ReaderGone, choose_by_letter, stop_letters
from services.portal.models import Notice, Party
from services.portal.pages.letter_links import unreferred
from services.portal.pages.visitor import AREA
from services.portal.queries.choices import Choice, find_choice_at, find_notice
from services.portal.rules.notices import PREFERENCE_OF
from services.portal.rules.profile import masked_address
from services.portal.schemas.contacts import NOTICE_WORDS
from shared.audit import Actor, become
from shared.web import current

notices = Blueprint("notices", __name__, url_prefix=f"{AREA}/notices")


@notices.route("/<uuid:notice_id>/stop", methods=["GET", "POST"])
def stop(notice_id: uuid.UUID) -> Response:
    """Which letters these are and for whom, and no more of them.

    The address is known only to whoever has the letter; no cookie opens anything here, so the form needs no token. A
    POST without anything else is enough (RFC 8058: mail programs send `List-Unsubscribe=One-Click`, and follow no
    redirect).
    """
    with current().db.read() as session:
        notice = find_notice(session, notice_id)
        choice = _choice(session.get_one(Party, notice.party_id), notice) if notice else None
    if notice is None or choice is None:
        return _answer(render_template("portal/letters/stop_gone.html"), 404)
    told = ""
    if request.method == "POST":
        try:
            choice, told = _change(notice_id, notice, choice)
        except ReaderGone:
            return _answer(render_template("portal/letters/stop_gone.html"), 404)
    return _answer(_page(notice, choice, told))


def _choice(party: Party, notice: Notice) -> Choice:
    with current().db.read() as session:
        return find_choice_at(session, party, notice.address_key)


def _change(notice_id: uuid.UUID, notice: Notice, choice: Choice) -> tuple[Choice, str]:
    what, of = request.form.get("do", ""), PREFERENCE_OF[notice.kind]
    name = NOTICE_WORDS[of].name
    become(_reader(notice, choice))
    with current().db.write() as session:
        if what == "again":
            told = gettext("You get «%(what)s» again, from the next letter on.", what=name)
            return choose_by_letter(session, notice_id, choice.wanted | {of}), told
        if what == "save":
            told = gettext("Your choice is saved. It counts from the next letter on.")
            return choose_by_letter(session, notice_id, request.form.getlist("wanted")), told
        told = gettext("Done. We write «%(what)s» to this address no more.", what=name)
        return stop_letters(session, notice_id), told


def _reader(notice: Notice, choice: Choice) -> Actor:
    """Whoever reads the letters that go to this address, as far as that is known."""
    person = choice.contact.person_id or choice.contact.id if choice.contact else notice.party_id
    return Actor("party", str(person), notice.name, request.remote_addr or "")


def _page(notice: Notice, choice: Choice, told: str) -> str:
    of = PREFERENCE_OF[notice.kind]
    return render_template(
        "portal/letters/stop.html",
        notice=notice,
        choice=choice,
        told=told,
        of=of,
        gets_it=of in choice.wanted,
        words=NOTICE_WORDS,
        address=masked_address(notice.address),
    )


def _answer(page: str, status: int = 200) -> Response:
    return unreferred(make_response(page, status))
