"""One thread that sends: takes a few letters, marks them as being sent, sends them, and records what came of them."""

import time
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import structlog

from services.mailer.actions.sending import ClaimedLetter
from services.mailer.clients.smtp import Answer, MailConnection, ServerTrouble
from services.mailer.jobs.dispatch import GROUP, Dispatcher
from services.mailer.jobs.enclosing import Enclosed, Encloser
from services.mailer.jobs.secrets import SecretOpener
from services.mailer.rules.addresses import AddressRefused, envelope_address
from services.mailer.rules.attachments import with_remark
from services.mailer.rules.notices import SEALED
from services.mailer.rules.rendering import Content, LetterImpossible, Writer
from services.mailer.rules.states import Outcome, Verdict, is_expired
from shared import clock

WAIT = 0.5
IDLE = 30.0
NOTHING = Enclosed()
SLOW = 0.1
"""Seconds per letter from which on letters are marked one by one, so that few of them are ever in flight."""

log = structlog.get_logger(__name__)


class SendingThread:
    """Sends letters over a connection of its own."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        mail: MailConnection,
        sender: str,
        writer: Writer,
        opener: SecretOpener,
        encloser: Encloser,
    ) -> None:
        self._dispatcher, self._writer, self._opener, self._encloser = dispatcher, writer, opener, encloser
        self._mail, self._sender = mail, sender
        self._seconds_per_letter = 0.0

    def run(self) -> bool:
        """Send while there is something to send; always True, so that it is called again at once."""
        if wait := self._dispatcher.trouble_left():
            self._dispatcher.stop.wait(min(wait, WAIT))
            return True
        letters = self._dispatcher.take(self._most(), WAIT)
        if not letters:
            self._mail.close_if_idle(0 if self._dispatcher.stop.is_set() else IDLE)
            return True
        outcomes: list[Outcome] = []
        while letters:
            enclosed: dict[UUID, Enclosed] = {}
            if any(letter.attachments for letter in letters):
                # To fetch takes long: what is known is written down before, and meanwhile a letter can be cancelled.
                self._dispatcher.exchange(outcomes, [])
                outcomes = []
                enclosed = {letter.id: self._encloser.fetch(letter) for letter in letters if letter.attachments}
            if not self._mail.is_open:
                # To connect may take long: what is known is written down before.
                self._dispatcher.exchange(outcomes, [])
                outcomes = []
                if not self._connect(letters):
                    return True
            outcomes = self._send(self._dispatcher.exchange(outcomes, letters), enclosed)
            letters = [] if self._dispatcher.stop.is_set() else self._dispatcher.take(self._most(), 0)
        self._dispatcher.exchange(outcomes, [])
        return True

    def close(self) -> None:
        """The worker stops: say goodbye to the mail server."""
        self._mail.close()

    def _most(self) -> int:
        return GROUP if self._seconds_per_letter < SLOW else 1

    def _connect(self, letters: list[ClaimedLetter]) -> bool:
        try:
            self._mail.ready()
        except ServerTrouble as error:
            self._dispatcher.release(letters)
            self._dispatcher.note_failure(str(error))
            return False
        return True

    def _send(self, letters: list[ClaimedLetter], enclosed: Mapping[UUID, Enclosed]) -> list[Outcome]:
        began = time.perf_counter()
        outcomes = [self._send_one(letter, enclosed.get(letter.id, NOTHING)) for letter in letters]
        if letters:
            self._seconds_per_letter = (time.perf_counter() - began) / len(letters)
        return outcomes

    def _send_one(self, letter: ClaimedLetter, enclosed: Enclosed) -> Outcome:
        at, began = clock.now(), time.perf_counter()
        try:
            answer = self._deliver(letter, enclosed)
        except (AddressRefused, LetterImpossible) as error:
            answer = Answer(Verdict.REFUSED, None, str(error))
        except ServerTrouble as error:
            self._dispatcher.note_failure(str(error))
            answer = Answer(Verdict.UNTRIED, None, "")
        except Exception as error:
            # Nothing was handed over yet (the end of a letter is guarded in clients/smtp.py): it can be tried again.
            log.exception("letter_not_written", letter=str(letter.id))
            answer = Answer(Verdict.INTERRUPTED, None, f"internal error: {type(error).__name__}")
        else:
            if answer.code is not None:
                self._dispatcher.note_success()
        return Outcome(letter.id, answer.verdict, at, time.perf_counter() - began, answer.code, answer.text)

    def _deliver(self, letter: ClaimedLetter, enclosed: Enclosed) -> Answer:
        now = clock.now()
        if is_expired(letter.expires_at, now):
            raise LetterImpossible("expired: what the letter carries is worth nothing any more")
        recipient = envelope_address(letter.address)
        if enclosed.trouble:
            return Answer(Verdict.DEFERRED, None, enclosed.trouble)
        if self._mail.is_broken:
            return Answer(Verdict.UNTRIED, None, "")
        content = Content(
            letter.id,
            letter.kind,
            letter.language,
            letter.name,
            letter.login,
            self._opener.open(letter.ciphertext, letter.sealing_key, letter.address if letter.kind in SEALED else None),
            letter.expires_at,
            letter.subject or "",
            letter.text or "",
            letter.html or "",
            letter.path or "",
            letter.told or {},
            letter.stop_path or "",
        )

        def render(eight_bit: bool) -> bytes:
            files = enclosed.files
            return self._writer.render(content, recipient, letter.message_id, now, eight_bit=eight_bit, files=files)

        answer = self._mail.deliver(self._sender, recipient, render)
        return replace(answer, text=with_remark(answer.text, enclosed.left_out)) if enclosed.left_out else answer
