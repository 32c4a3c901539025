"""What all pages share: Bootstrap and its icons from the wheel, our own style, and the words and colours of states."""

import hashlib
import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, current_app, request, url_for
from flask_babel import lazy_gettext
from flask_bootstrap import Bootstrap5
from markupsafe import Markup, escape

from shared.web.context import MenuItem, Text, current
from shared.web.staff import current_staff, has_role

HERE = Path(__file__).parent
MONTH = 30 * 24 * 3600
SYMBOL = re.compile(r'<symbol[^>]*viewBox="([^"]+)"[^>]*id="([^"]+)"[^>]*>(.*?)</symbol>', re.DOTALL)

State = tuple[Text, str, str]
"""Label, kind (good, busy, waiting, bad, off, info) and icon."""

STATES: dict[str, State] = {
    "active": (lazy_gettext("Active"), "good", "check-circle"),
    "inactive": (lazy_gettext("Inactive"), "off", "slash-circle"),
    "pending": (lazy_gettext("Pending"), "waiting", "hourglass-split"),
    "sending": (lazy_gettext("Sending"), "busy", "send"),
    "sent": (lazy_gettext("Sent"), "good", "check-circle"),
    "cancelled": (lazy_gettext("Cancelled"), "off", "x-circle"),
    "replaced": (lazy_gettext("Replaced"), "off", "arrow-repeat"),
    "failed": (lazy_gettext("Failed"), "bad", "exclamation-triangle"),
    "bounced": (lazy_gettext("Bounced"), "bad", "arrow-return-left"),
    "uncertain": (lazy_gettext("Uncertain"), "bad", "question-circle"),
    "issued": (lazy_gettext("Issued"), "waiting", "key"),
    "revoked": (lazy_gettext("Revoked"), "off", "x-circle"),
    "expired": (lazy_gettext("Expired"), "off", "clock-history"),
    "suspended": (lazy_gettext("Suspended"), "bad", "pause-circle"),
    "running": (lazy_gettext("Running"), "busy", "arrow-clockwise"),
    "paused": (lazy_gettext("Paused"), "waiting", "pause-circle"),
    "finished": (lazy_gettext("Finished"), "good", "check-circle"),
    "checking": (lazy_gettext("Checking"), "busy", "arrow-clockwise"),
    "ready": (lazy_gettext("Ready to apply"), "waiting", "hourglass-split"),
    "unverified": (lazy_gettext("Unverified"), "info", "question-circle"),
    "valid": (lazy_gettext("Valid"), "good", "check-circle"),
    "blocked": (lazy_gettext("Blocked"), "bad", "slash-circle"),
}

BACKOFFICES: tuple[tuple[str, Text, str, Text], ...] = (
    ("directory", lazy_gettext("Directory"), "people", lazy_gettext("Tenants and owners, their data, their imports.")),
    (
        "identity",
        lazy_gettext("Access"),
        "key",
        lazy_gettext("Keys to the client area, batches, staff users and the audit trail."),
    ),
    (
        "mailer",
        lazy_gettext("Mail"),
        "envelope",
        lazy_gettext("Letters that wait, letters sent, and why one did not arrive."),
    ),
    (
        "portal",
        lazy_gettext("Client area"),
        "house-door",
        lazy_gettext("Who has signed in to the client area, and their sessions."),
    ),
)

ROLE_NAMES = {
    "administrator": lazy_gettext("Administrator"),
    "agent": lazy_gettext("Agent"),
    "auditor": lazy_gettext("Auditor (reads only)"),
}


class _Below:
    """Stands in for the application while Bootstrap-Flask registers itself.

    It puts its files at `/bootstrap<static path>`, which at the one origin would belong to nobody; below the static
    path of the service they belong to that service.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.static_url_path = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app, name)

    def register_blueprint(self, blueprint: Blueprint) -> None:
        self._app.register_blueprint(blueprint, url_prefix=self._app.static_url_path)


def init_look(app: Flask) -> None:
    """Register templates, assets, and what templates may call."""
    app.config["BOOTSTRAP_SERVE_LOCAL"] = True
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = MONTH
    Bootstrap5().init_app(_Below(app))
    own = Blueprint(
        "look",
        __name__,
        static_folder=str(HERE / "static"),
        static_url_path=f"{app.static_url_path}/porteria",
        template_folder=str(HERE / "templates"),
    )
    app.register_blueprint(own)
    app.url_defaults(_version)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        icon=icon,
        state_of=state_of,
        backoffices=BACKOFFICES,
        role_names=ROLE_NAMES,
        porteria=current,
        current_staff=current_staff,
        own_menu=own_menu,
        with_query=with_query,
        language_link=language_link,
    )


def _version(endpoint: str, values: dict[str, Any]) -> None:
    """Give assets an address that changes with their content, so that they may be kept for long."""
    if endpoint.endswith("static") and "filename" in values and "v" not in values:
        folder = {"static": current_app.static_folder, "look.static": str(HERE / "static")}.get(endpoint)
        if endpoint == "bootstrap.static":
            folder = current_app.blueprints["bootstrap"].static_folder
        if folder and (mark := _fingerprint(Path(folder) / values["filename"])):
            values["v"] = mark


@cache
def _fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else ""


@cache
def _icons() -> dict[str, tuple[str, str]]:
    sprite = resources.files("flask_bootstrap") / "static/bootstrap5/icons/bootstrap-icons.svg"
    return {name: (box, body) for box, name, body in SYMBOL.findall(sprite.read_text("utf-8"))}


@cache
def icon(name: str, label: str = "") -> Markup:
    """An icon of Bootstrap as inline SVG (the sprite weighs a megabyte); without a label it is only decoration."""
    box, body = _icons()[name]
    meaning = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    shape = Markup(body)  # noqa: S704 - a file of the wheel, nothing that anybody typed
    return Markup('<svg class="bi" viewBox="{}" fill="currentColor" {}>{}</svg>').format(box, meaning, shape)


def state_of(state: str) -> State:
    """Label, kind and icon of a state; an unknown one is shown by its own name."""
    return STATES.get(state, (state, "info", "circle"))


def own_menu() -> list[tuple[MenuItem, bool]]:
    """The entries of this back office that the signed-in person may open, and which of them is the present one."""
    staff = current_staff()
    role = staff.role if staff else ""
    entries = [item for item in current().menu if has_role(staff, item.role) and role not in item.hidden_from]
    addresses = [url_for(item.endpoint) for item in entries]
    # The longest address that the present one begins with: the start page's is a prefix of all others.
    present = max((address for address in addresses if request.path.startswith(address)), key=len, default="")
    return [(item, address == present) for item, address in zip(entries, addresses, strict=True)]


def with_query(**changes: Any) -> str:
    """The present address with some query parameters changed; None removes one."""
    query = request.args.to_dict(flat=False)
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = [str(value)]
    arguments: dict[str, Any] = {name: values if len(values) > 1 else values[0] for name, values in query.items()}
    if request.endpoint is None:
        return "?" + "&".join(f"{escape(name)}={escape(value)}" for name, value in changes.items() if value is not None)
    return url_for(request.endpoint, **{**(request.view_args or {}), **arguments})


def language_link(code: str) -> str:
    """The present page in another language; where it cannot be asked for again (an answer to a form), the home."""
    if request.url_rule is not None and "GET" in (request.url_rule.methods or ()):
        return with_query(lang=code)
    return f"{current().home}?lang={code}"
