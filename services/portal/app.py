"""Wiring of the portal."""

import structlog
from flask import Flask
from flask_babel import lazy_gettext as _l

from services.portal.api import register_api
from services.portal.api.notifications import MOST_BYTES
from services.portal.clients.directory import Directory
from services.portal.clients.files import FileMissing, FileStore, StorageFull
from services.portal.clients.gateways.choosing import open_gateways
from services.portal.clients.gateways.sandbox import Sandbox
from services.portal.clients.identity import Identity
from services.portal.clients.mailer import Mailer
from services.portal.pages import register_pages
from services.portal.pages.report_form import MOST_PROOFS
from services.portal.pages.visitor import Portal, preferred_language
from services.portal.rules.cases import MOST_FILES
from services.portal.rules.files import FileTooLarge, UnusableFile
from services.portal.schemas.files import file_text, too_large_text
from services.portal.schemas.refusals import REFUSALS
from services.portal.settings import Settings
from shared.db import Database
from shared.web import CallFailed, MenuItem, ServiceClient, create_api, register_errors
from shared.web import create_app as create_web_app
from shared.web.context import TokenKeys

SERVICE = "portal"
MULTIPART = 64 * 1024
"""What a form needs around a file."""

log = structlog.get_logger(__name__)


def create_app(settings: Settings, db: Database, *, token_keys: TokenKeys | None = None) -> Flask:
    """The portal's pages and REST interface."""
    app = create_web_app(
        SERVICE,
        "services.portal",
        settings,
        db,
        title=_l("Client area"),
        menu=[
            MenuItem(endpoint="desk.index", label=_l("Summary"), icon="speedometer2"),
            MenuItem(endpoint="invoice_desk.index", label=_l("Invoices"), icon="receipt"),
            MenuItem(endpoint="payment_desk.index", label=_l("Payments"), icon="cash-coin"),
            MenuItem(endpoint="report_desk.index", label=_l("Proofs of payment"), icon="upload"),
            MenuItem(endpoint="case_desk.index", label=_l("Requests (PQRS)"), icon="chat-left-text"),
            MenuItem(endpoint="income_desk.index", label=_l("Statements of income"), icon="file-earmark-text"),
            MenuItem(endpoint="reminder_desk.index", label=_l("Reminders"), icon="bell"),
            MenuItem(endpoint="fee_desk.index", label=_l("Late fees"), icon="percent"),
            MenuItem(endpoint="backoffice.clients", label=_l("Clients"), icon="people"),
            MenuItem(endpoint="agency.show", label=_l("Agency"), icon="building", role="administrator"),
        ],
        token_keys=token_keys,
        preferred_language=preferred_language,
        body_limits=_body_limits(settings.upload_limit),
    )
    gateways = open_gateways(settings)
    if Sandbox.name in gateways and not settings.is_private:
        log.warning("trial_gateway", meaning="clients can settle invoices without paying; set PORTERIA_GATEWAYS")
    calls, files = ServiceClient(settings, SERVICE), FileStore(settings.data, settings.upload_limit)
    key = settings.load_fiscal_key()
    register_pages(
        app, Portal(settings.lifetime, Identity(calls), Directory(calls), Mailer(calls), files, gateways, key)
    )
    register_api(create_api(app, SERVICE, "Portería: client area"), settings.lifetime, gateways, files)
    register_errors(
        app,
        {
            **REFUSALS,
            CallFailed: (502, _l("A part of the system refused what we asked of it.")),
            UnusableFile: lambda error: (422, file_text(error), "file"),
            FileTooLarge: lambda error: (413, too_large_text(error), "file"),
            StorageFull: (503, _l("There is no room for another file at the moment. Try again later."), "file"),
            FileMissing: (404, _l("This file is not there any more.")),
        },
    )
    return app


def _body_limits(file: int) -> dict[str, int]:
    """Bytes by endpoint where files are sent; `file` is the largest one."""
    return {
        "notifications.Notifications": MOST_BYTES,
        "documents.attach": file + MULTIPART,
        "invoice_imports.upload": file + MULTIPART,
        "reports.new": MOST_PROOFS * file + MULTIPART,
        **dict.fromkeys(
            ("cases.new", "cases.write", "case_acts.new", "case_acts.reply"), MOST_FILES * file + MULTIPART
        ),
    }
