"""Wiring of the mailer's web side."""

from typing import Any

from flask import Flask
from flask_babel import lazy_gettext as _l

from services.mailer.api import BLUEPRINTS
from services.mailer.pages.bounces import bounces
from services.mailer.pages.figures import figures
from services.mailer.pages.history import history
from services.mailer.pages.letters import letters
from services.mailer.pages.queue import queue
from services.mailer.pages.sink import sink
from services.mailer.pages.suppressions import suppressions
from services.mailer.pages.templates import templates
from services.mailer.settings import Settings
from shared.db import Database
from shared.web import MenuItem, create_api
from shared.web import create_app as create_web_app

MENU = (
    MenuItem(endpoint="letters.waiting", label=_l("Waiting to be sent"), icon="hourglass-split"),
    MenuItem(endpoint="history.index", label=_l("All letters"), icon="envelope"),
    MenuItem(endpoint="templates.index", label=_l("Templates"), icon="file-earmark-text"),
    MenuItem(endpoint="figures.index", label=_l("Figures"), icon="bar-chart"),
    MenuItem(endpoint="bounces.returned", label=_l("Came back"), icon="arrow-return-left"),
    MenuItem(endpoint="suppressions.index", label=_l("Suppressed addresses"), icon="slash-circle"),
    MenuItem(endpoint="queue.pace", label=_l("Pace of sending"), icon="sliders"),
)
SINK = MenuItem(endpoint="sink.index", label=_l("Local mailbox"), icon="inbox", role="administrator")


def create_app(settings: Settings, db: Database, **options: Any) -> Flask:
    """The mailer's application; `options` go to the shared one."""
    menu = MENU if settings.has_own_server else (*MENU, SINK)
    app = create_web_app("mailer", "services.mailer", settings, db, title=_l("Mail"), menu=menu, **options)
    for pages in (letters, history, figures, bounces, suppressions, queue, sink, templates):
        app.register_blueprint(pages)
    api = create_api(app, "mailer", "Portería: mail")
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    return app
