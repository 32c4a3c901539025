"""Templates are changed, put back, and tried out. Each save is a new version; none is ever removed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.mailer.actions.intake import Addressee, Order, take_letters
from services.mailer.models import TemplateDraft, TemplateVersion
from services.mailer.queries.templates import count_tests, find_current_template, find_template_words, words_of
from services.mailer.rules.addresses import envelope_address
from services.mailer.rules.states import TEST
from services.mailer.rules.templates import NOTE_LIMIT, TemplateRefused, Words, Written, default_words, problems_of
from shared import clock
from shared.audit import record_act
from shared.wake import wake

TEMPLATES_TOPIC = "templates"
TESTS_PER_HOUR = 20
TEST_LASTS = timedelta(days=1)
DRAFT_KEPT = timedelta(days=2)
MARKS = {"es": "[PRUEBA]", "en": "[TEST]"}


class ChangedMeanwhile(Exception):
    """Somebody else saved a newer version since the page was opened."""


class NothingChanged(Exception):
    """The words are those in use already."""


class NoSuchVersion(Exception):
    """There is no such version of this template."""


class TooManyTests(Exception):
    """This member of the staff sent enough tests for an hour."""


@dataclass(frozen=True)
class Place:
    """Which template: a kind of letter in a language."""

    kind: str
    language: str


@dataclass(frozen=True)
class Draft:
    """What somebody is writing. `address`: where a test is to go."""

    words: Words
    note: str = ""
    address: str = ""


def change_template(session: Session, place: Place, draft: Draft, by: str, based_on: int) -> TemplateVersion:
    """Save words as the newest version. `based_on`: the version that the writer saw, 0 for the default.

    Raises TemplateRefused, ChangedMeanwhile, NothingChanged.
    """
    if problems := problems_of(place.kind, place.language, draft.words):
        raise TemplateRefused(problems)
    saved = _save(session, place, draft.words, by, draft.note, based_on)
    _record(session, "template.changed", saved)
    return saved


def restore_template(session: Session, place: Place, version: int, by: str, note: str) -> TemplateVersion:
    """Make a former version (0 is the default) the newest one again.

    Raises NoSuchVersion, NothingChanged; TemplateRefused if it can not be used any more, ChangedMeanwhile.
    """
    words = find_template_words(session, place.kind, place.language, version)
    if words is None:
        raise NoSuchVersion
    if problems := problems_of(place.kind, place.language, words):
        raise TemplateRefused(problems)
    current = find_current_template(session, place.kind, place.language)
    saved = _save(session, place, words, by, note, current.version if current else 0)
    _record(session, "template.restored", saved)
    return saved


def _save(session: Session, place: Place, words: Words, by: str, note: str, based_on: int) -> TemplateVersion:
    current = find_current_template(session, place.kind, place.language)
    if (current.version if current else 0) != based_on:
        raise ChangedMeanwhile
    if words == (words_of(current) if current else default_words(place.kind, place.language)):
        raise NothingChanged
    saved = TemplateVersion(
        kind=place.kind,
        language=place.language,
        version=based_on + 1,
        subject=words.subject,
        text=words.text,
        html=words.html,
        changed_by=by[:200],
        changed_at=clock.now(),
        note=note[:NOTE_LIMIT],
    )
    try:
        with session.begin_nested():
            session.add(saved)
    except IntegrityError as error:  # of two who save at once the first wins
        raise ChangedMeanwhile from error
    wake(session, TEMPLATES_TOPIC)
    return saved


def _record(session: Session, act: str, saved: TemplateVersion) -> None:
    details = {"kind": saved.kind, "language": saved.language, "version": saved.version, "note": saved.note}
    told = {name: value for name, value in details.items() if value}
    record_act(session, "mailer", act, subject="template", subject_id=f"{saved.kind}/{saved.language}", details=told)


def keep_draft(session: Session, place: Place, draft: Draft, staff_id: str) -> None:
    """Remember what somebody is trying out, so that its preview has an address of its own."""
    session.merge(
        TemplateDraft(
            staff_id=staff_id[:64],
            kind=place.kind,
            language=place.language,
            subject=draft.words.subject,
            text=draft.words.text,
            html=draft.words.html,
            note=draft.note[:NOTE_LIMIT],
            address=draft.address[:320],
            at=clock.now(),
        )
    )


def forget_draft(session: Session, place: Place, staff_id: str) -> None:
    """What was tried out is saved: it need not be kept beside."""
    session.execute(
        delete(TemplateDraft).where(
            TemplateDraft.staff_id == staff_id[:64],
            TemplateDraft.kind == place.kind,
            TemplateDraft.language == place.language,
        )
    )


def forget_drafts(session: Session, before: datetime) -> None:
    """Remove what nobody tried out any more since a moment."""
    session.execute(delete(TemplateDraft).where(TemplateDraft.at < before))


def send_test(session: Session, place: Place, written: Written, address: str, staff_id: str, name: str) -> None:
    """Send a template with sample values to somebody of the staff, marked as a test; it is in no party's history.

    Raises AddressRefused, TooManyTests.
    """
    envelope_address(address)
    now = clock.now()
    if count_tests(session, staff_id, now - timedelta(hours=1)) >= TESTS_PER_HOUR:
        raise TooManyTests
    order = Order(
        kind=TEST,
        recipient=Addressee(name=name, address=address, language=place.language),
        expires_at=now + TEST_LASTS,
        subject=f"{MARKS[place.language]} {written.subject}",
        text=written.text,
        html=written.html,
        requested_by=staff_id,
    )
    take_letters(session, [order])
