"""The application of identity: wiring only."""

from flask import Flask
from flask_babel import lazy_gettext

from services.identity.actions.runtime import EXTENSION, Runtime
from services.identity.actions.verification import HashingGate
from services.identity.api import acts as acts_api
from services.identity.api import batches as batches_api
from services.identity.api import credentials as credentials_api
from services.identity.api import guests as guests_api
from services.identity.api import links as links_api
from services.identity.api import oauth
from services.identity.api import second_factor as factor_api
from services.identity.api import verification as verification_api
from services.identity.api.problems import init_problems
from services.identity.clients import Clients
from services.identity.pages import audit as audit_pages
from services.identity.pages import batches as batch_pages
from services.identity.pages import credentials as credential_pages
from services.identity.pages import drafts as draft_pages
from services.identity.pages import links as link_pages
from services.identity.pages import party_second_factor as party_factor_pages
from services.identity.pages import staff_area
from services.identity.pages.staff_session import load_staff
from services.identity.schemas.attention import list_attention
from services.identity.settings import Settings
from shared.db import Database
from shared.keyring import Keyring
from shared.web import MenuItem, attention_blueprint, create_api
from shared.web import create_app as create_web_app

MENU = (
    MenuItem(endpoint="drafts.show", label=lazy_gettext("Generate and send passwords"), icon="send"),
    MenuItem(endpoint="batch_pages.show_all", label=lazy_gettext("History"), icon="clock-history"),
    MenuItem(endpoint="credential_pages.show_all", label=lazy_gettext("Access of parties"), icon="key"),
    MenuItem(endpoint="link_pages.show_all", label=lazy_gettext("Links"), icon="link-45deg"),
    MenuItem(endpoint="audit.show_all", label=lazy_gettext("Audit trail"), icon="journal-text"),
    *staff_area.MENU,
)
LARGE = 8 * 1024 * 1024  # a batch may name a hundred thousand parties


def create_app(settings: Settings, db: Database) -> Flask:
    """Pages, REST and the OpenID provider."""
    app = create_web_app(
        "identity",
        __name__,
        settings,
        db,
        title=lazy_gettext("Access"),
        menu=MENU,
        token_keys=oauth.OwnKeys(db),
        load_staff=load_staff,
        signin_path=staff_area.LOGIN_PATH,
        body_limits={"batches.start": LARGE, "batches.preview": LARGE},
    )
    app.extensions[EXTENSION] = Runtime(
        policy=settings.policy,
        keyring=Keyring(settings.data, "identity"),
        clients=Clients(settings),
        gate=HashingGate(settings.verifications, settings.verifications_waiting),
    )
    init_problems(app)
    factor_api.init_factor_problems(app)
    api = create_api(app, "identity", lazy_gettext("Portería: access"))
    for rest in (credentials_api, verification_api, factor_api, batches_api, links_api, guests_api, acts_api):
        api.register_blueprint(rest.blp)
    api.register_blueprint(attention_blueprint(list_attention))
    for room in (oauth, draft_pages, batch_pages, credential_pages, link_pages, party_factor_pages, audit_pages):
        app.register_blueprint(room.blp)
    app.extensions["csrf"].exempt(oauth.blp)  # programs call it, and no cookie opens it
    staff_area.register_staff_area(app)
    return app
