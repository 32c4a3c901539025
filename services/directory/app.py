"""Wiring of the directory."""

from collections.abc import Callable

from flask import Flask, Response
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from services.directory.actions.imports import ImportNotFound, ImportNotReady
from services.directory.actions.parties import CodeTaken, DocumentTaken, PartyChanged, PartyNotFound
from services.directory.api import register_api
from services.directory.pages import register_pages
from services.directory.rules.parties import InvalidParty
from services.directory.schemas.texts import fault_errors, file_text
from services.directory.settings import Settings
from shared.db import Database
from shared.sheets.text import UnusableFile
from shared.sheets.uploads import FileTooLarge
from shared.web import MenuItem, ServiceClient, Staff, create_api, problem_response, register_errors
from shared.web import create_app as create_web_app
from shared.web.context import TokenKeys

SERVICE = "directory"
MULTIPART = 64 * 1024
"""What a form needs around its file."""


def create_app(
    settings: Settings,
    db: Database,
    *,
    token_keys: TokenKeys | None = None,
    load_staff: Callable[[], Staff | None] | None = None,
) -> Flask:
    """The directory's pages and REST interface."""
    limit = settings.import_limit + MULTIPART
    app = create_web_app(
        SERVICE,
        "services.directory",
        settings,
        db,
        title=_l("Directory"),
        menu=[
            MenuItem(endpoint="pages.list_page", label=_l("Parties"), icon="people"),
            MenuItem(endpoint="import_pages.history", label=_l("Imports"), icon="upload"),
        ],
        token_keys=token_keys,
        load_staff=load_staff,
        body_limits={"imports.upload": limit, "import_pages.upload": limit},
    )
    register_api(create_api(app, SERVICE, "Portería: directory"))
    register_pages(app, ServiceClient(settings, SERVICE))
    _register_errors(app)
    return app


def _register_errors(app: Flask) -> None:
    register_errors(
        app,
        {
            PartyNotFound: (404, _l("There is no such party.")),
            ImportNotFound: (404, _l("There is no such import.")),
            ImportNotReady: (409, _l("This import cannot be applied or changed now. Look at it again.")),
            PartyChanged: (409, _l("Somebody else changed this party meanwhile. Look at it again.")),
            DocumentTaken: _document_taken,
            CodeTaken: (409, _l("Another party has this code."), "code"),
            UnusableFile: lambda error: (422, file_text(error.reason, error.hint, error.row), "file"),
            FileTooLarge: _too_large,
        },
    )
    app.register_error_handler(InvalidParty, _invalid)


def _document_taken(error: DocumentTaken) -> tuple[int, str, str]:
    if not error.name:
        return 409, gettext("Another party has this document."), "document_number"
    text = gettext("%(name)s (%(code)s) has this document already.", name=error.name, code=error.code)
    return 409, text, "document_number"


def _too_large(error: FileTooLarge) -> tuple[int, str, str]:
    megabytes = error.limit // (1024 * 1024)
    return 413, gettext("The file is larger than %(megabytes)s MB. Divide it.", megabytes=megabytes), "file"


def _invalid(error: InvalidParty) -> Response:
    return problem_response(422, errors=fault_errors(error.faults))
