"""Pages of the portal: the client area at `/customerarea`, and its back office."""

from flask import Flask

from services.portal.pages.access import access
from services.portal.pages.backoffice import backoffice
from services.portal.pages.code import code
from services.portal.pages.home import home
from services.portal.pages.passwords import passwords
from services.portal.pages.security import security
from services.portal.pages.visitor import Portal, client_frame


def register_pages(app: Flask, portal: Portal) -> None:
    """Register every page; `portal` is what they work with."""
    app.extensions["portal"] = portal
    for blueprint in (access, code, passwords, security, home, backoffice):
        app.register_blueprint(blueprint)
    app.context_processor(client_frame)
