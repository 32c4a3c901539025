"""Wiring of the portal."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from services.portal.api import register_api
from services.portal.clients.directory import Directory
from services.portal.clients.identity import Identity
from services.portal.pages import register_pages
from services.portal.pages.visitor import Portal, preferred_language
from services.portal.settings import Settings
from shared.db import Database
from shared.web import CallFailed, MenuItem, ServiceClient, create_api, register_errors
from shared.web import create_app as create_web_app
from shared.web.context import TokenKeys

SERVICE = "portal"


def create_app(settings: Settings, db: Database, *, token_keys: TokenKeys | None = None) -> Flask:
    """The portal's pages and REST interface."""
    app = create_web_app(
        SERVICE,
        "services.portal",
        settings,
        db,
        title=_l("Client area"),
        menu=[MenuItem(endpoint="backoffice.clients", label=_l("Clients"), icon="people")],
        token_keys=token_keys,
        preferred_language=preferred_language,
    )
    calls = ServiceClient(settings, SERVICE)
    register_pages(app, Portal(settings.lifetime, Identity(calls), Directory(calls)))
    register_api(create_api(app, SERVICE, "Portería: client area"), settings.lifetime)
    register_errors(app, {CallFailed: (502, _l("A part of the system refused what we asked of it."))})
    return app
