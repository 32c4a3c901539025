"""Timed work of the portal."""

import threading
import uuid
from datetime import timedelta
from itertools import islice
from typing import Protocol, cast

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from services.portal.actions.applying import apply_email_changes
from services.portal.actions.case_reminders import remind_of_cases
from services.portal.actions.files import remove_orphans
from services.portal.actions.import_reading import pending_rows, read_rows
from services.portal.actions.invoice_imports import (
    READING,
    RUNNING,
    TOPIC,
    fail_import,
    forget_rows,
    issue_rows,
)
from services.portal.actions.notifications import LATER, take_notice
from services.portal.actions.paying import claim_to_ask, expire_payment
from services.portal.actions.profile import TOPIC as EMAIL_TOPIC
from services.portal.actions.profile import expire_email_changes
from services.portal.actions.sessions import delete_old_sessions, end_expired_sessions
from services.portal.actions.viewing import delete_old_viewings
from services.portal.clients.directory import Directory
from services.portal.clients.files import FileStore
from services.portal.clients.gateways import GatewayUnavailable
from services.portal.clients.gateways.choosing import Gateways, GatewaySettings, open_gateways
from services.portal.queries.agency import agency_of
from services.portal.queries.invoice_imports import find_content, find_next_import, last_line
from services.portal.queries.paying import list_to_ask
from services.portal.rules.gateways import PENDING, Order
from services.portal.rules.sessions import Lifetime
from services.portal.schemas.clients import party_from_rest
from shared import clock
from shared.db import Database
from shared.settings import CommonSettings
from shared.sheets.text import UnusableFile
from shared.web import ServiceClient
from shared.web.idempotency import purge_idempotency_keys
from shared.worker import Job, Worker

ORPHANS_AFTER = timedelta(days=1)
IMPORTS_KEPT = timedelta(days=90)
"""So long the rows of a table of invoices can be looked at."""
GIVEN_UP_AFTER = timedelta(days=1)
"""So long a payment waits of which its gateway knows nothing."""
ASKED_AT_ONCE, JUST_ASKED = 50, timedelta(minutes=1)

log = structlog.get_logger(__name__)


class PortalSettings(GatewaySettings, Protocol):
    """The settings that the jobs need."""

    @property
    def lifetime(self) -> Lifetime:
        """When a session is over by itself."""

    @property
    def session_keep_days(self) -> int:
        """For how long ended sessions are kept."""

    @property
    def language(self) -> str:
        """What the agency reads."""

    @property
    def timezone(self) -> str:
        """The zone of the agency."""

    @property
    def upload_limit(self) -> int:
        """Bytes of the largest file."""


class Reconciler:
    """Asks the gateways about payments of which nothing was heard, so that a lost notification loses no payment."""

    def __init__(self, db: Database, gateways: Gateways, zone: str) -> None:
        self._db, self._gateways, self._zone = db, gateways, zone

    def run(self) -> bool:
        """Ask about some; whether there may be more to ask about."""
        now = clock.now()
        with self._db.read() as session:
            orders = list_to_ask(session, now, ASKED_AT_ONCE)
        if not orders:
            return False
        with self._db.write() as session:
            mine = claim_to_ask(session, [order.intent_id for order in orders], now - JUST_ASKED, now)
        silent: set[str] = set()
        for order in orders:
            if order.intent_id in mine and order.gateway not in silent:
                try:
                    self._ask(order)
                except GatewayUnavailable as error:  # not again and again: each waits for its answer
                    silent.add(order.gateway)
                    log.warning("gateway_unavailable", gateway=error.gateway, reason=error.reason)
        return len(orders) == ASKED_AT_ONCE

    def _ask(self, order: Order) -> None:
        gateway = self._gateways.get(order.gateway)
        notice = gateway.look_up(order) if gateway else None  # no transaction is open meanwhile
        verdict = ""
        if notice is not None:
            with self._db.write() as session:
                verdict = take_notice(session, notice, clock.today(self._zone), asked=True)
            log.info("gateway_answer", gateway=order.gateway, reference=order.reference, verdict=verdict)
        may_come = notice is not None and (notice.state == PENDING or verdict == LATER)
        if clock.now() - order.created_at > GIVEN_UP_AFTER and not may_come:
            with self._db.write() as session:
                expire_payment(session, order.intent_id)


class InvoiceImporter:
    """Works on one table of invoices at a time. Rows and progress commit with each chunk: it can die anywhere."""

    def __init__(self, db: Database, stop: threading.Event, zone: str, *, read: int = 500, issued: int = 50) -> None:
        self._db, self._stop, self._zone, self._read, self._issued = db, stop, zone, read, issued

    def run(self) -> bool:
        """Bring one import on to where it waits for somebody or ends; True if there was one."""
        with self._db.read() as session:
            entry = find_next_import(session, RUNNING)
        if entry is None or self._stop.is_set():
            return False
        try:
            return self._look(entry.id) if entry.state == READING else self._issue(entry.id)
        except UnusableFile as error:
            with self._db.write() as session:
                fail_import(session, entry.id, f"{error.reason}:{error.row or ''}")
            return True
        except (OperationalError, InterfaceError):
            raise  # the database is away: that says nothing about the file
        except Exception:
            if entry.state != READING:
                raise
            # A file that nobody foresaw must not keep the next ones waiting for ever.
            log.exception("import_not_read", import_id=str(entry.id))
            with self._db.write() as session:
                fail_import(session, entry.id, "internal")
            return True

    def _look(self, import_id: uuid.UUID) -> bool:
        with self._db.read() as session:
            content, after, agency = find_content(session, import_id), last_line(session, import_id), agency_of(session)
        if content is None:
            return False  # another worker has read it meanwhile
        remaining = pending_rows(content, after)
        while not self._stop.is_set():
            rows = list(islice(remaining, self._read))
            last = len(rows) < self._read
            with self._db.write() as session:
                if not read_rows(session, import_id, rows, agency, after=after, last=last) or last:
                    return True
            after = rows[-1][0]
        return False

    def _issue(self, import_id: uuid.UUID) -> bool:
        while not self._stop.is_set():
            with self._db.write() as session:
                if not issue_rows(session, import_id, clock.today(self._zone), self._issued):
                    return True
        return False


def jobs(settings: PortalSettings, db: Database, worker: Worker) -> list[Job]:
    """What the worker repeats."""
    keep = timedelta(days=settings.session_keep_days)

    def tidy_sessions() -> bool:
        with db.write() as session:
            end_expired_sessions(session, settings.lifetime)
            delete_old_sessions(session, clock.now() - keep)
            delete_old_viewings(session, clock.now() - keep)
            expire_email_changes(session)
            purge_idempotency_keys(session)
        return False

    def tidy_files() -> bool:
        with db.read() as session:
            remove_orphans(session, FileStore(settings.data, settings.upload_limit), clock.now() - ORPHANS_AFTER)
        return False

    def remind_of_due_cases() -> bool:
        with db.write() as session:
            return remind_of_cases(session, clock.today(settings.timezone), settings.language) > 0

    reconciler = Reconciler(db, open_gateways(settings), settings.timezone)

    def forget_imports() -> bool:
        with db.write() as session:
            return forget_rows(session, clock.now() - IMPORTS_KEPT) > 0

    importer = InvoiceImporter(db, worker.stop, settings.timezone)
    directory = Directory(ServiceClient(cast(CommonSettings, settings), "portal"))

    def apply_emails() -> bool:
        return apply_email_changes(db, directory, party_from_rest, settings.timezone)

    return [
        Job("email_changes", apply_emails, every=15.0, topic=EMAIL_TOPIC),
        Job("invoice_imports", importer.run, 30.0, TOPIC),
        Job("forget_imports", forget_imports, 3600.0),
        Job("reconcile_payments", reconciler.run, every=60.0),
        Job("remind_of_cases", remind_of_due_cases, every=300.0),
        Job("tidy_sessions", tidy_sessions, every=600.0),
        Job("tidy_files", tidy_files, every=3600.0),
    ]
