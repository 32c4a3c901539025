"""Timed and long work of the mailer: sending, the heartbeat, identity's keys."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from email.utils import parseaddr
from typing import Any

import structlog

from services.mailer.actions.counting import count_finished_hours
from services.mailer.actions.intake import LETTERS_TOPIC
from services.mailer.actions.keys import ensure_sealing_key, retire_sealing_keys
from services.mailer.actions.queue import ensure_queue, forget_mailbox, forget_trouble
from services.mailer.actions.requesting import forget_words
from services.mailer.actions.templates import DRAFT_KEPT, TEMPLATES_TOPIC, forget_drafts
from services.mailer.actions.withdrawing import forget_withdrawals
from services.mailer.clients.dkim import signer_of
from services.mailer.clients.portal import ATTEMPTS, TIMEOUT, PortalFiles
from services.mailer.clients.sink import LocalSink
from services.mailer.clients.smtp import MailConnection
from services.mailer.jobs.bounces import EVERY, BounceReader
from services.mailer.jobs.connections import SendingThread
from services.mailer.jobs.dispatch import Dispatcher
from services.mailer.jobs.enclosing import Encloser
from services.mailer.jobs.heartbeat import Heartbeat
from services.mailer.jobs.secrets import SecretOpener
from services.mailer.jobs.signing_keys import SigningKeys
from services.mailer.jobs.templates import TemplateBook
from services.mailer.rules.mailbox_url import parse_mailbox_url
from services.mailer.rules.options import MailOptions, mail_options
from services.mailer.rules.rendering import Writer
from services.mailer.rules.requests import KEPT
from services.mailer.rules.smtp_url import SmtpAddress, parse_smtp_url
from shared import clock
from shared.db import Database
from shared.keyring import Keyring
from shared.web import ServiceClient
from shared.web.idempotency import purge_idempotency_keys
from shared.worker import Job, Worker

FORGET_AFTER = timedelta(days=8)
SINK_FOLDER = "sink"

log = structlog.get_logger(__name__)


def jobs(settings: Any, db: Database, worker: Worker) -> Sequence[Job]:
    """The jobs of the mailer's worker. Without a mail server in the settings this starts the local sink too."""
    options = mail_options(settings)
    keyring, signer = Keyring(options.data, "mailer"), signer_of(options)
    _prepare(options, db, keyring)
    heartbeat = Heartbeat(db)
    dispatcher = Dispatcher(db, options, heartbeat.worker, worker.stop)
    book = TemplateBook(db)
    book.refresh()
    writer = Writer(options.public_url, options.timezone, options.mail_from, book, signer)
    opener = SecretOpener(db, keyring)
    encloser = Encloser(PortalFiles(ServiceClient(settings, "mailer", timeout=TIMEOUT, attempts=ATTEMPTS)))
    address = _mail_server(options)
    sender = options.bounce_address or writer.sender_address
    threads = [
        SendingThread(dispatcher, MailConnection(address, options.mail_timeout), sender, writer, opener, encloser)
        for _ in range(options.mail_connections)
    ]
    signing_keys = SigningKeys(db, settings.internal_url("identity"))
    return [
        # First, because nothing may be claimed by a worker that the others do not know.
        Job("heartbeat", heartbeat.beat, 5.0),
        Job("dispatch", _dispatching(heartbeat, book, dispatcher), 1.0, LETTERS_TOPIC, dispatcher.give_all_back),
        *(Job(f"sending-{number}", thread.run, 0.1, finish=thread.close) for number, thread in enumerate(threads, 1)),
        Job("templates", book.refresh, 5.0, TEMPLATES_TOPIC),
        Job("signing_keys", signing_keys.refresh, 1.0),
        *_bounce_jobs(options, db),
        Job("figures", lambda: _count_hours(db), 60.0),
        Job("tidy", lambda: _forget(db), 3600.0),
    ]


def _bounce_jobs(options: MailOptions, db: Database) -> Sequence[Job]:
    if not options.bounce_url:
        with db.write() as session:
            forget_mailbox(session)
        return []
    reader = BounceReader(db, parse_mailbox_url(options.bounce_url))
    return [Job("bounces", reader.read, EVERY)]


def _prepare(options: MailOptions, db: Database, keyring: Keyring) -> None:
    sender = parseaddr(options.mail_from)[1]
    with db.write() as session:
        ensure_queue(session, sender.rpartition("@")[2])
        ensure_sealing_key(session, keyring.encrypt)
        forget_trouble(session)


def _mail_server(options: MailOptions) -> SmtpAddress:
    if options.smtp_url:
        return parse_smtp_url(options.smtp_url)
    port = LocalSink(options.data / SINK_FOLDER).start()
    log.info("local_sink", port=port, hint="no PORTERIA_SMTP_URL: letters stay on this machine")
    return SmtpAddress("127.0.0.1", port)


def _dispatching(heartbeat: Heartbeat, book: TemplateBook, dispatcher: Dispatcher) -> Callable[[], bool]:
    """Dispatch once the others know this worker; what is claimed after a template was saved has its new words."""

    def run() -> bool:
        if not heartbeat.started:
            return False
        book.refresh()
        return dispatcher.dispatch()

    return run


def _count_hours(db: Database) -> bool:
    with db.write() as session:
        count_finished_hours(session)
    return False


def _forget(db: Database) -> bool:
    with db.write() as session:
        now = clock.now()
        forget_withdrawals(session, now - FORGET_AFTER)
        forget_words(session, now - KEPT)
        forget_drafts(session, now - DRAFT_KEPT)
        retire_sealing_keys(session, now - FORGET_AFTER)
        purge_idempotency_keys(session)
    return False
