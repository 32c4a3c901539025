"""Wiring of the mailer's web side."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from services.mailer.api import BLUEPRINTS
from services.mailer.settings import Settings
from shared.db import Database
from shared.web import create_api
from shared.web import create_app as create_web_app


def create_app(settings: Settings, db: Database) -> Flask:
    """The mailer's application."""
    app = create_web_app("mailer", "services.mailer", settings, db, title=_l("Letters"))
    api = create_api(app, "mailer", _l("Letters"))
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    return app
