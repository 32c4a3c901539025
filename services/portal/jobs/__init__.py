"""Timed work of the portal."""

from datetime import timedelta
from typing import Protocol, cast

from services.portal.actions.applying import apply_email_changes
from services.portal.actions.case_reminders import remind_of_cases
from services.portal.actions.daily import TOPIC as DAILY_TOPIC
from services.portal.actions.files import remove_orphans
from services.portal.actions.invitations import end_expired_invitations
from services.portal.actions.invoice_imports import (
    TOPIC,
    forget_rows,
)
from services.portal.actions.letter_ends import forget_letters
from services.portal.actions.profile import TOPIC as EMAIL_TOPIC
from services.portal.actions.profile import expire_email_changes
from services.portal.actions.sessions import delete_old_sessions, end_expired_sessions
from services.portal.actions.viewing import delete_old_viewings
from services.portal.clients.directory import Directory
from services.portal.clients.files import FileStore
from services.portal.clients.gateways.choosing import GatewaySettings, open_gateways
from services.portal.jobs.daily import DailyRunner, daily_tasks
from services.portal.jobs.imports import InvoiceImporter
from services.portal.jobs.payments import Reconciler
from services.portal.rules.sessions import Lifetime
from services.portal.schemas.clients import party_from_rest
from shared import clock
from shared.db import Database
from shared.settings import CommonSettings
from shared.web import ServiceClient
from shared.web.idempotency import purge_idempotency_keys
from shared.worker import Job, Worker

ORPHANS_AFTER = timedelta(days=1)
IMPORTS_KEPT = timedelta(days=90)
"""So long the rows of a table of invoices can be looked at."""
LETTERS_KEPT = timedelta(days=400)
"""So long the mail history goes back. A row also says that somebody was told: no reminder is due that late."""


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


def jobs(settings: PortalSettings, db: Database, worker: Worker) -> list[Job]:
    """What the worker repeats."""
    keep = timedelta(days=settings.session_keep_days)

    def tidy_sessions() -> bool:
        with db.write() as session:
            end_expired_sessions(session, settings.lifetime)
            delete_old_sessions(session, clock.now() - keep)
            delete_old_viewings(session, clock.now() - keep)
            expire_email_changes(session)
            end_expired_invitations(session)
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

    def forget_old_letters() -> bool:
        with db.write() as session:
            return forget_letters(session, clock.now() - LETTERS_KEPT)

    importer = InvoiceImporter(db, worker.stop, settings.timezone)
    directory = Directory(ServiceClient(cast(CommonSettings, settings), "portal"))

    def apply_emails() -> bool:
        return apply_email_changes(db, directory, party_from_rest, settings.timezone)

    runner = DailyRunner(db, daily_tasks(settings.timezone), settings.timezone)

    return [
        Job("email_changes", apply_emails, every=15.0, topic=EMAIL_TOPIC),
        Job("invoice_imports", importer.run, 30.0, TOPIC),
        Job("forget_imports", forget_imports, 3600.0),
        Job("forget_letters", forget_old_letters, 3600.0),
        Job("reconcile_payments", reconciler.run, every=60.0),
        Job("daily_runs", runner.run, every=30.0, topic=DAILY_TOPIC),
        Job("remind_of_cases", remind_of_due_cases, every=300.0),
        Job("tidy_sessions", tidy_sessions, every=600.0),
        Job("tidy_files", tidy_files, every=3600.0),
    ]
