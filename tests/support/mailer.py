"""The mailer as a test needs it: its real worker and application on a real database, and somebody who issues."""

import base64
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from nacl.signing import SigningKey
from sqlalchemy import select

from services.mailer.actions.bouncing import mark_bounced
from services.mailer.actions.ending import Cancellation, cancel_selected
from services.mailer.actions.keys import ensure_sealing_key, remember_signing_keys
from services.mailer.actions.queue import ensure_queue, pause_queue, resume_queue
from services.mailer.consumers import HANDLERS
from services.mailer.jobs import jobs
from services.mailer.models import Attempt, Letter, Queue
from services.mailer.queries import list_sealing_keys, queue_of
from services.mailer.settings import Settings
from shared import clock
from shared.db import Database, new_id
from shared.events import decode
from shared.events.directory import PartyDeactivated
from shared.events.identity import CredentialIssued, Recipient, RecoveryRequested
from shared.events.portal import NoticeRaised
from shared.inbox import Inbox
from shared.keyring import Keyring
from shared.outbox import outbox
from shared.sealing import SealContext, Sealer
from shared.worker import Worker
from tests.support.schema import migrated
from tests.support.waiting import wait_until

NOBODY = "http://127.0.0.1:9"  # the discard port: refuses at once
SIGNING_KEY = "identity-1"
PASSWORD = "abcd-efgh-jkmn-pqrs"
TOKEN = "token-1"

One = TypeVar("One")


class Mailer:
    """One mailer under test. `db` is its database; nothing is sent until `working()`."""

    def __init__(self, url: str, data: Path, **changes: Any) -> None:
        given: dict[str, Any] = {"mail_delay": 0.0, "mail_retry_delays": (0.2, 0.2), "mail_timeout": 10.0} | changes
        self.settings = replace(Settings(data=data, database_pattern=url, internal_pattern=NOBODY), **given)
        self.db = Database(self.settings.database_url("mailer"))
        migrated("mailer", self.db)
        self._signer = SigningKey.generate()
        keyring = Keyring(data, "mailer")
        with self.db.write() as session:
            ensure_queue(session, "porteria.example")
            ensure_sealing_key(session, keyring.encrypt)
            remember_signing_keys(session, {SIGNING_KEY: bytes(self._signer.verify_key)}, [])
            key = list_sealing_keys(session)[0]
        self.sealer = Sealer(key.id, key.public_key, SIGNING_KEY, bytes(self._signer))

    def recipient(self, **values: Any) -> Recipient:
        """Somebody who gets a letter; every field can be given."""
        number = uuid.uuid4().hex[:10]
        given: dict[str, Any] = {
            "party_id": new_id(),
            "name": "José Ñandú",
            "document": "1.234.567-8",
            "login": "12345678",
            "address": f"p{number}@example.test",
            "language": "es",
        }
        return Recipient(**(given | values))

    def issued(self, *, secret: str = PASSWORD, **values: Any) -> CredentialIssued:
        """What identity tells of a new credential; fields of the recipient can be given too."""
        fields = {name: values.pop(name) for name in list(values) if name in Recipient.__dataclass_fields__}
        to, credential = self.recipient(**fields), new_id()
        given: dict[str, Any] = {
            "credential_id": credential,
            "party_id": to.party_id,
            "delivery": "password",
            "expires_at": clock.now() + timedelta(days=7),
            "recipient": to,
            "secret": self.sealer.seal(secret, SealContext(str(credential), to.address)),
        }
        return CredentialIssued(**(given | values))

    def recovery(self, **fields: Any) -> RecoveryRequested:
        """What identity tells when somebody forgot the password."""
        to, recovery = self.recipient(**fields), new_id()
        return RecoveryRequested(
            recovery_id=recovery,
            party_id=to.party_id,
            expires_at=clock.now() + timedelta(hours=1),
            recipient=to,
            secret=self.sealer.seal(TOKEN, SealContext(str(recovery), to.address)),
        )

    def hear(self, *events: Any) -> None:
        """Hand events of one type to the handler as the inbox does."""
        for start in range(0, len(events), 50):
            some = list(events[start : start + 50])
            with self.db.write() as session:
                Inbox(self.db, HANDLERS)._handlers[type(some[0])](session, some)

    def issue(self, count: int = 1, **values: Any) -> list[CredentialIssued]:
        """Issue credentials and let the mailer hear of them."""
        events = [self.issued(**values) for _ in range(count)]
        self.hear(*events)
        return events

    def letters(self) -> list[Letter]:
        """All letters, in order."""
        with self.db.read() as session:
            return list(session.scalars(select(Letter).order_by(Letter.id)))

    def letter_of(self, event: Any) -> Letter:
        """The letter of a credential, a notice or a recovery."""
        column, value = Letter.recovery_id, getattr(event, "recovery_id", None)
        if isinstance(event, CredentialIssued):
            column, value = Letter.credential_id, event.credential_id
        elif isinstance(event, NoticeRaised):
            column, value = Letter.notice_id, event.notice_id
        with self.db.read() as session:
            return session.scalars(select(Letter).where(column == value)).one()

    def attempts(self, letter: Letter) -> list[Attempt]:
        """The attempts of a letter."""
        with self.db.read() as session:
            return list(session.scalars(select(Attempt).where(Attempt.letter_id == letter.id).order_by(Attempt.id)))

    def states(self) -> list[str]:
        """The states of all letters, in order."""
        return [letter.state for letter in self.letters()]

    def cancel(self, ids: Sequence[uuid.UUID]) -> Cancellation:
        """Cancel letters as an agent does."""
        with self.db.write() as session:
            return cancel_selected(session, ids, "Agente Ana")

    def bounce(self, letter: Letter) -> None:
        """A letter comes back."""
        with self.db.write() as session:
            mark_bounced(session, letter.id, "550 5.1.1 nobody", "Agente Ana")

    def pause(self) -> None:
        """Stop the queue."""
        with self.db.write() as session:
            pause_queue(session, "Agente Ana")

    def resume(self) -> None:
        """Let it go on."""
        with self.db.write() as session:
            resume_queue(session)

    def queue(self) -> Queue:
        """The queue's row."""
        with self.db.read() as session:
            return queue_of(session)

    def trouble(self) -> str | None:
        """Why nothing can be sent."""
        with self.db.read() as session:
            return queue_of(session).trouble

    def told(self, cls: type | None = None) -> list[Any]:
        """The events in the outbox, in order."""
        with self.db.read() as session:
            bodies = session.scalars(select(outbox.c.body).order_by(outbox.c.id)).all()
        events = [decode(bytes(body)).event for body in bodies]
        return [event for event in events if cls is None or isinstance(event, cls)]

    @contextmanager
    def working(self, **changes: Any) -> Iterator[threading.Event]:
        """The jobs of a real worker in threads of this process; without the bus, so events stay in the outbox."""
        worker = Worker("mailer", self.db, "embedded:///nowhere", HANDLERS)
        running = jobs(replace(self.settings, **changes), self.db, worker)
        worker.wakeups.start()
        threads = [threading.Thread(target=worker._repeat, args=(job,), name=job.name) for job in running]
        for thread in threads:
            thread.start()
        try:
            yield worker.stop
        finally:
            worker.stop.set()
            worker.wakeups.signal_all()
            for thread in threads:
                thread.join(20)
                assert not thread.is_alive(), f"{thread.name} does not end"

    def wait_for(self, event: Any, *states: str, timeout: float = 20) -> Letter:
        """Wait until the letter of an event is in one of these states."""
        wait_until(
            lambda: self.letter_of(event).state in states, timeout, lambda: f"it is {self.letter_of(event).state}"
        )
        return self.letter_of(event)


def deactivated(party_id: uuid.UUID) -> PartyDeactivated:
    """What the directory tells of a party that was deactivated."""
    return PartyDeactivated(
        party_id=party_id,
        version=2,
        code="T1",
        classes=["tenant"],
        document_type="CC",
        document_number="1",
        document_key="1",
        name="Ana",
        emails=[],
        language="es",
        active=False,
    )


def forged(event: CredentialIssued) -> CredentialIssued:
    """The same event with a box that somebody else signed."""
    assert event.secret is not None
    other = SigningKey.generate()
    signature = base64.b64encode(other.sign(b"anything").signature).decode()
    return replace(event, secret=replace(event.secret, signature=signature))


def one_of(letters: Sequence[One]) -> One:
    """The only letter."""
    (letter,) = letters
    return letter
