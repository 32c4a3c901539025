"""Timed and long work of identity's worker."""

import os
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import structlog

from services.identity.actions.batches import TOPIC, freeze_batch, issue_chunk, note_problem
from services.identity.actions.catching_up import MOST_ASKED, fetch_unknown, wait_for_copy
from services.identity.actions.issuing import Secret, Terms, make_link_secret, make_random_secret
from services.identity.actions.lifecycle import expire_credentials
from services.identity.actions.sealing import NoSealingKey, make_sealer, refresh_sealing_key
from services.identity.actions.sweeping import sweep_sign_ins
from services.identity.actions.throttling import forget_old_counters
from services.identity.clients import Clients
from services.identity.models.batches import CredentialBatch
from services.identity.queries.batches import find_running_batch, list_picks, list_waiting_members
from services.identity.queries.credentials import list_unused
from services.identity.rules.policy import Policy
from shared import clock
from shared.db import Database
from shared.keyring import Keyring
from shared.web.idempotency import purge_idempotency_keys
from shared.web.services_http import ServiceUnavailable
from shared.worker import Job, Worker

CHUNK = 500
CATCH_UP = timedelta(seconds=10)

log = structlog.get_logger(__name__)


def jobs(settings: Any, db: Database, worker: Worker) -> Sequence[Job]:
    """What the worker does besides hearing and telling."""
    clients = Clients(settings)
    batches = BatchRunner(db, clients, Keyring(settings.data, "identity"), settings.policy, worker.stop.is_set)
    return [
        Job("batches", batches.run, 5.0, TOPIC),
        Job("expire", lambda: expire_unused(db), 60.0),
        Job("sealing_key", lambda: _keep_sealing_key(db, clients), 300.0),
        Job("forget", lambda: _forget(db), 3600.0),
    ]


class BatchRunner:
    """Carries running batches on, one after the other, in chunks; what was committed is never done again.

    The passwords of the next chunk are made and hashed on all cores (bcrypt releases the interpreter's lock) while the
    present one is written, and two chunks are all that is ever in memory.
    """

    def __init__(
        self, db: Database, clients: Clients, keyring: Keyring, policy: Policy, stopped: Callable[[], bool]
    ) -> None:
        self._db, self._clients, self._keyring, self._policy = db, clients, keyring, policy
        self._stopped = stopped
        self._pool = ThreadPoolExecutor(os.cpu_count() or 2, thread_name_prefix="hashing")

    def run(self) -> bool:
        """Carry on the oldest running batch to its end, or to the stop of the process; False if there is none."""
        with self._db.read() as session:
            batch = find_running_batch(session)
        if batch is None:
            return False
        try:
            if batch.frozen_at is None:
                self._freeze(batch)
            self._issue(batch)
        except (NoSealingKey, ServiceUnavailable) as error:
            with self._db.write() as session:
                note_problem(session, batch.id, type(error).__name__)
            raise
        return True

    def _freeze(self, batch: CredentialBatch) -> None:
        wait_for_copy(self._db, self._clients.directory, CATCH_UP, self._stopped)
        with self._db.read() as session:
            picks = list_picks(session, batch.id, MOST_ASKED)
        fetch_unknown(self._db, self._clients.directory, picks)
        with self._db.write() as session:
            freeze_batch(session, batch.id)
        log.info("batch_frozen", batch_id=str(batch.id))

    def _issue(self, batch: CredentialBatch) -> None:
        members = self._next(batch, None)
        pressed = self._press(batch, members)
        if not members:  # everybody has one already, only the end was not written down
            self._write(batch, {})
        while members and not self._stopped():
            following = self._next(batch, members[-1])
            ready, pressed = pressed, self._press(batch, following)
            self._write(batch, {party: secret.result() for party, secret in ready})
            members = following
        log.info("batch_worked", batch_id=str(batch.id), stopped=self._stopped())

    def _next(self, batch: CredentialBatch, after: uuid.UUID | None) -> list[uuid.UUID]:
        with self._db.read() as session:
            return list_waiting_members(session, batch.id, after, CHUNK)

    def _press(self, batch: CredentialBatch, members: list[uuid.UUID]) -> list[tuple[uuid.UUID, Future[Secret]]]:
        make = make_link_secret if batch.delivery == "link" else make_random_secret
        return [(party, self._pool.submit(make)) for party in members]

    def _write(self, batch: CredentialBatch, secrets: dict[uuid.UUID, Secret]) -> None:
        refresh_sealing_key(self._db, self._clients.mailer)
        with self._db.write() as session:
            terms = Terms(
                delivery=batch.delivery,
                issued_by=batch.requested_by,
                valid_for=self._policy.initial_valid_for,
                sealer=make_sealer(session, self._keyring),
                batch_id=batch.id,
            )
            issue_chunk(session, batch.id, secrets, terms)


def expire_unused(db: Database) -> bool:
    """End initial credentials that were not used in time, some hundreds at once."""
    with db.write() as session:
        unused = list_unused(session, clock.now(), CHUNK)
        expire_credentials(session, unused)
    return len(unused) == CHUNK


def _keep_sealing_key(db: Database, clients: Clients) -> bool:
    refresh_sealing_key(db, clients.mailer, at_least=timedelta(0))
    return False


def _forget(db: Database) -> bool:
    with db.write() as session:
        forget_old_counters(session)
        purge_idempotency_keys(session)
        sweep_sign_ins(session)
    return False
