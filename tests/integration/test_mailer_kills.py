"""The sending process is killed in the middle of its work: nothing is sent twice, nothing waits for ever."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from shared.events.mailer import LetterSent
from tests.support.mailer import NOBODY, Mailer
from tests.support.processes import end, start, tail
from tests.support.smtp import SmtpSink
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults
ROOT = Path(__file__).parents[2]
CONNECTIONS, GROUP = 4, 5

Start = Callable[[], subprocess.Popen[bytes]]


def has_got(sink: SmtpSink, count: int) -> bool:
    return len(sink.messages) >= count


@pytest.fixture
def mailer(database_url: str, tmp_path: Path, smtp_sink: SmtpSink) -> Iterator[Mailer]:
    made = Mailer(database_url, tmp_path, smtp_url=smtp_sink.url)
    yield made
    made.db.dispose()


@pytest.fixture
def start_worker(mailer: Mailer, database_url: str, tmp_path: Path, smtp_sink: SmtpSink) -> Iterator[Start]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PORTERIA_DATA": str(tmp_path),
        "PORTERIA_DATABASE_URL": database_url,
        "PORTERIA_SMTP_URL": smtp_sink.url,
        "PORTERIA_MAIL_DELAY": "0",
        "PORTERIA_MAIL_CONNECTIONS": str(CONNECTIONS),
        "PORTERIA_INTERNAL_URL": NOBODY,
    }
    running: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes]:
        process = start([sys.executable, "-m", "services.mailer", "worker"], log=tmp_path / "log", env=environment)
        running.append(process)
        return process

    yield begin
    for process in running:
        end(process, signal.SIGTERM)


def test_after_a_kill_what_was_under_way_is_uncertain_and_the_rest_goes_out_once(
    mailer: Mailer, start_worker: Start, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    smtp_sink.delay = 0.02
    mailer.issue(400)
    for round_ in range(1, 4):
        process = start_worker()
        wanted = round_ * 60
        wait_until(partial(has_got, smtp_sink, wanted), 40, lambda: tail(tmp_path / "log"))
        process.kill()
        process.wait(10)
    start_worker()
    wait_until(
        lambda: not {"pending", "sending"} & set(mailer.states()),
        60,
        lambda: f"{tail(tmp_path / 'log')}\n{mailer.states()}",
    )
    letters = mailer.letters()
    arrived = [received.message["Message-ID"].strip("<>") for received in smtp_sink.messages]
    assert len(arrived) == len(set(arrived)), "a letter was sent twice"
    sent = {letter.message_id for letter in letters if letter.state == "sent"}
    uncertain = {letter.message_id for letter in letters if letter.state == "uncertain"}
    assert sent <= set(arrived) <= sent | uncertain
    assert len(sent) + len(uncertain) == 400
    assert len(uncertain) <= 3 * CONNECTIONS * GROUP
    assert not [letter.id for letter in letters if letter.ciphertext]


def test_a_letter_that_was_being_sent_at_the_kill_is_not_sent_again(
    mailer: Mailer, start_worker: Start, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    smtp_sink.hold()
    (event,) = mailer.issue()
    process = start_worker()
    wait_until(lambda: mailer.letter_of(event).state == "sending", 30, lambda: tail(tmp_path / "log"))
    process.kill()
    process.wait(10)
    smtp_sink.release()
    start_worker()
    letter = mailer.wait_for(event, "uncertain", timeout=40)
    assert letter.attempts == 0
    assert len(smtp_sink.messages) <= 1
    assert mailer.told(LetterSent) == []


def test_a_worker_that_ends_in_order_leaves_nothing_in_doubt(
    mailer: Mailer, start_worker: Start, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    smtp_sink.delay = 0.02
    mailer.issue(200)
    process = start_worker()
    wait_until(lambda: len(smtp_sink.messages) >= 20, 30, lambda: tail(tmp_path / "log"))
    end(process, signal.SIGTERM)
    assert set(mailer.states()) == {"pending", "sent"}
    assert not [letter.id for letter in mailer.letters() if letter.claimed_by], "somebody else could go on at once"
    assert mailer.states().count("sent") == len(smtp_sink.messages)
