"""The application of a service: everything that the four have in common, in the order in which it must run."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog
from flask import Flask, current_app, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from shared.db import Database
from shared.i18n import Preference, init_i18n
from shared.keyring import Keyring
from shared.settings import CommonSettings
from shared.web.api import bad_cursor
from shared.web.context import MenuItem, Porteria, Staff, Text, TokenKeys, current
from shared.web.errors import Answer, init_errors, register_errors, wants_problem
from shared.web.health import health_blueprint
from shared.web.look import init_look
from shared.web.observing import init_observing
from shared.web.paging import BadCursor
from shared.web.security import init_security
from shared.web.services_http import ServiceUnavailable
from shared.web.signin import signin_blueprint
from shared.web.staff import current_staff, staff_of_session
from shared.web.text import refuse_unstorable_text
from shared.web.tokens import RemoteKeys

BODY_LIMIT = 2 * 1024 * 1024

log = structlog.get_logger(__name__)


class _Application(Flask):
    def log_exception(self, exc_info: Any) -> None:
        """Log what nobody caught, without the path: it may hold a single-use link."""
        log.error("unhandled", route=request.url_rule.rule if request.url_rule else "unmatched", exc_info=exc_info)


def create_app(  # noqa: PLR0913 - the one place where a service says what it is
    service: str,
    import_name: str,
    settings: CommonSettings,
    db: Database,
    *,
    title: Text,
    menu: Sequence[MenuItem] = (),
    token_keys: TokenKeys | None = None,
    load_staff: Callable[[], Staff | None] | None = None,
    signin_path: str | None = None,
    preferred_language: Preference | None = None,
    body_limits: Mapping[str, int] | None = None,
    checks: Sequence[Callable[[], None]] = (),
) -> Flask:
    """A Flask application with everything that the services share.

    menu: entries of the back office's own navigation.
    token_keys: where the keys that sign tokens come from; none = identity's JWKS over HTTP.
    load_staff: who is signed in; none = OpenID Connect with identity, whose pages are then registered here.
    signin_path: where staff signs in, gets `?next=`; none = `/backoffice/<service>/signin`.
    preferred_language: language of the signed-in person; none = that of the staff member.
    body_limits: bytes by endpoint, where more than BODY_LIMIT may be uploaded.
    checks: called by `/readyz`; an exception means "not ready".
    """
    area = "/customerarea" if service == "portal" else f"/backoffice/{service}"
    app = _Application(import_name, static_url_path=f"{area}/static")
    keyring = Keyring(settings.data, service)
    app.extensions["porteria"] = Porteria(
        service=service,
        title=title,
        settings=settings,
        db=db,
        keyring=keyring,
        token_keys=token_keys or RemoteKeys(settings),
        load_staff=load_staff or staff_of_session,
        signin_path=signin_path or f"/backoffice/{service}/signin",
        menu=tuple(menu),
        checks=tuple(checks),
        body_limits=dict(body_limits or {}),
    )
    _configure(app, service, keyring, settings)
    init_observing(app, service)
    app.before_request(_limit_body)
    init_i18n(app, settings, preferred_language or _language_of_staff)
    init_security(app)
    init_errors(app)
    init_look(app)
    forms = CSRFProtect(app)
    app.before_request(lambda: _protect_forms(forms))
    app.before_request(_look_at_text)
    app.register_blueprint(health_blueprint(service))
    if load_staff is None:
        app.register_blueprint(signin_blueprint(service))
    register_errors(app, {BadCursor: bad_cursor, ServiceUnavailable: _unavailable, CSRFError: _stale_form})
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    return app


def _configure(app: Flask, service: str, keyring: Keyring, settings: CommonSettings) -> None:
    app.config.update(
        SECRET_KEY=keyring.derive("cookies"),
        SESSION_COOKIE_NAME=f"porteria_{service}",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https://"),
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        MAX_FORM_MEMORY_SIZE=BODY_LIMIT,
        MAX_FORM_PARTS=20_000,
        # A form is good as long as the session; a page that was open for two hours must not lose its text.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,  # `_protect_forms` does it
    )
    # In a known order, and readable: names here have accents.
    app.json.sort_keys = app.json.ensure_ascii = False  # type: ignore[attr-defined]


def _limit_body() -> None:
    # Before anything reads the form, which the check for CSRF does long before the view.
    if request.endpoint and request.endpoint in current().body_limits:
        request.max_content_length = current().body_limits[request.endpoint]


def _protect_forms(forms: CSRFProtect) -> None:
    # What programs call is opened by no cookie, so nobody's browser can be made to misuse one there.
    if current_app.config["WTF_CSRF_ENABLED"] and not wants_problem():
        forms.protect(apply_exemptions=True)


def _look_at_text() -> None:
    if not request.path.startswith("/api/"):  # there `require_scope` does it, once it knows who sends it
        refuse_unstorable_text()


def _language_of_staff() -> str | None:
    staff = current_staff()
    return staff.language if staff else None


def _unavailable(error: ServiceUnavailable) -> Answer:
    text = gettext("A part of the system (%(service)s) does not answer. Try again shortly.", service=error.service)
    return 503, text


def _stale_form(_error: CSRFError) -> Answer:
    return 400, gettext("This form is no longer valid, perhaps because you signed in again. Load the page and repeat.")
