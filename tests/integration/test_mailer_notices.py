"""Letters of what the client area has to tell somebody, on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.mailer.actions.requesting import forget_words
from services.mailer.actions.retrying import count_retry, retry_selected
from services.mailer.queries import LetterFilter, find_letter, list_letters
from services.mailer.rules.notices import TOLD_AS, VALUES, WITH_CODE, WITH_TOKEN
from services.mailer.rules.states import NOTICES, WITHOUT_DELAY
from services.mailer.rules.templates import LANGUAGES
from shared import clock
from shared.db import new_id
from shared.events import InvalidEvent
from shared.events.portal import NoticeSecret, NoticeValue
from tests.support.mailer import TOKEN, Mailer, one_of
from tests.support.raised import EVERYTHING, raised
from tests.support.smtp import SmtpSink
from tests.support.waiting import wait_until


@pytest.fixture
def mailer(database_url: str, tmp_path: Path, smtp_sink: SmtpSink) -> Iterator[Mailer]:
    made = Mailer(database_url, tmp_path, smtp_url=smtp_sink.url)
    yield made
    made.db.dispose()


def test_every_notice_goes_out_in_both_languages_with_its_values_and_its_link(
    mailer: Mailer, smtp_sink: SmtpSink
) -> None:
    for kind in NOTICES:
        for language in LANGUAGES:
            mailer.hear(raised(mailer, kind, language=language, address=f"{kind}-{language}@example.test"))
    with mailer.working():
        wait_until(lambda: set(mailer.states()) == {"sent"})
    for kind in NOTICES:
        subjects = set()
        for language in LANGUAGES:
            received = one_of(smtp_sink.to(f"{kind}-{language}@example.test"))
            page = f"profile/email/confirm?token={TOKEN}" if kind in WITH_TOKEN else "cases/1?tab=all"
            link = f"{mailer.settings.public_url}/customerarea/{page}"
            if kind in WITH_CODE:
                assert TOKEN in received.text
                assert f">{TOKEN}<" in received.html
            else:
                assert link in received.text.splitlines()
                assert f'href="{link}"' in received.html
            for name in VALUES[kind]:
                told = EVERYTHING[TOLD_AS.get(name, name)]
                assert told in received.text
                assert told in received.html
            assert ("Hola, María Ríos:" if language == "es" else "Hello María Ríos,") in received.text
            subjects.add(received.message["Subject"])
        assert len(subjects) == len(LANGUAGES)
    assert [letter.ciphertext for letter in mailer.letters() if letter.ciphertext] == []


def test_the_same_notice_told_twice_is_one_letter(mailer: Mailer) -> None:
    event = raised(mailer, "receipt")
    mailer.hear(event, event)
    mailer.hear(replace(event, at=clock.now()))
    assert mailer.states() == ["pending"]


def test_a_copied_box_tells_nobody_what_is_inside(mailer: Mailer, smtp_sink: SmtpSink) -> None:
    honest, credential = raised(mailer, "email_confirmation"), mailer.issued()
    assert credential.secret is not None
    password = NoticeSecret(ciphertext=credential.secret.ciphertext, sealing_key=credential.secret.sealing_key)
    for secret in (honest.secret, password):
        mailer.hear(raised(mailer, "email_confirmation", address="thief@example.test", secret=secret))
    with mailer.working():
        wait_until(lambda: mailer.states() == ["failed", "failed"])
    assert smtp_sink.to("thief@example.test") == []


def test_what_is_about_security_does_not_wait(mailer: Mailer) -> None:
    mailer.hear(*(raised(mailer, kind, party_id=new_id()) for kind in NOTICES))
    with mailer.working(mail_delay=3600.0):
        wait_until(lambda: mailer.states().count("sent") == 5)
    sent = {letter.kind for letter in mailer.letters() if letter.state == "sent"}
    assert sent == set(NOTICES) & set(WITHOUT_DELAY)
    assert sent >= {"email_changed", "sub_account_invitation", "invitation_code"}


def test_of_the_links_to_confirm_an_address_only_the_newest_goes_out(mailer: Mailer) -> None:
    party = new_id()
    for address in ("one@example.test", "two@example.test"):
        mailer.hear(raised(mailer, "email_confirmation", party_id=party, address=address))
    mailer.hear(raised(mailer, "email_changed", party_id=party))
    assert mailer.states() == ["replaced", "pending", "pending"]


def test_a_notice_that_came_too_late_is_not_sent(mailer: Mailer, smtp_sink: SmtpSink) -> None:
    mailer.hear(raised(mailer, "receipt", expires_at=clock.now() - timedelta(seconds=1)))
    with mailer.working():
        wait_until(lambda: mailer.states() == ["failed"])
    assert (one_of(mailer.letters()).outcome or "").startswith("expired")
    assert smtp_sink.to("maria@example.test") == []


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "birthday"},
        {"path": "//evil.example"},
        {"values": []},
        {"secret": NoticeSecret(ciphertext="AAAA", sealing_key="k")},
        {"kind": "email_confirmation", "path": "/customerarea/x?token="},
        {
            "kind": "email_confirmation",
            "path": "/customerarea/x?token=",
            "secret": NoticeSecret(ciphertext="no base64!", sealing_key="k"),
        },
    ],
)
def test_what_is_no_notice_is_refused(mailer: Mailer, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidEvent):
        mailer.hear(replace(raised(mailer, "receipt"), **changes))
    assert mailer.letters() == []


def test_a_notice_is_found_by_its_number_and_its_words_are_removed_in_the_end(mailer: Mailer) -> None:
    mailer.hear(raised(mailer, "receipt", values=_values(number="RC-000042")))
    with mailer.db.read() as session:
        (letter,) = list_letters(session, LetterFilter(text="rc-000042")).items
    mailer.cancel([letter.id])
    for before, kept in ((clock.now() - timedelta(minutes=1), True), (_later(), False)):
        with mailer.db.write() as session:
            forget_words(session, before)
        assert _has_words(mailer) == kept


def test_a_failed_notice_can_be_sent_again_but_a_dead_link_can_not(mailer: Mailer) -> None:
    late = clock.now() - timedelta(seconds=1)
    mailer.hear(*(raised(mailer, kind, expires_at=late) for kind in ("case_answered", "email_confirmation")))
    with mailer.working():
        wait_until(lambda: mailer.states() == ["failed", "failed"])
    with mailer.db.write() as session:
        assert retry_selected(session, [letter.id for letter in mailer.letters()]).retried == 1
    assert mailer.states() == ["pending", "failed"]


def test_a_reminder_that_failed_goes_again_only_while_it_is_true(mailer: Mailer, smtp_sink: SmtpSink) -> None:
    smtp_sink.answer("maria@example.test", "550 5.7.1 no", times=1)
    over, still = (
        raised(mailer, "reminder_due", expires_at=clock.now() + after)
        for after in (timedelta(seconds=-1), timedelta(hours=1))
    )
    mailer.hear(over, still)
    with mailer.working():
        wait_until(lambda: mailer.states() == ["failed", "failed"])
    with mailer.db.write() as session:
        assert count_retry(session, []).retried == 1
        retry_selected(session, [letter.id for letter in mailer.letters()])
    assert mailer.states() == ["failed", "pending"]
    assert mailer.letter_of(still).expires_at == still.expires_at


def _values(**changes: str) -> list[NoticeValue]:
    return [NoticeValue(name=name, value=value) for name, value in (EVERYTHING | changes).items()]


def _later() -> datetime:
    return clock.now() + timedelta(minutes=1)


def _has_words(mailer: Mailer) -> bool:
    with mailer.db.read() as session:
        letter = find_letter(session, one_of(mailer.letters()).id)
        return letter is not None and letter.told is not None
