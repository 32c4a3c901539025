"""Who of the clients is at the page: the session behind the cookie, and what it opens."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, g, redirect, request, url_for
from flask_babel import format_time, gettext

from services.portal.actions.sessions import TOUCH_EVERY, end_session, hash_token, touch_session
from services.portal.clients.directory import Directory
from services.portal.clients.files import FileStore
from services.portal.clients.fiscal_keys import FiscalKey
from services.portal.clients.gateways.choosing import Gateways
from services.portal.clients.identity import Identity
from services.portal.clients.mailer import Mailer
from services.portal.models import ClientSession, Party
from services.portal.pages.viewed import present_viewing
from services.portal.queries.sessions import find_session
from services.portal.rules.parties import profile_of
from services.portal.rules.sessions import Lifetime, is_expired
from shared import clock
from shared.audit import Actor, become
from shared.web import current, safe_next
from shared.web.staff import current_staff

AREA = "/customerarea"
COOKIE = "porteria_client"


@dataclass(frozen=True)
class Portal:
    """What the pages work with."""

    lifetime: Lifetime
    identity: Identity
    directory: Directory
    mailer: Mailer
    files: FileStore
    gateways: Gateways
    fiscal_key: FiscalKey | None = None
    """What signs fiscal documents, if anything does."""


@dataclass(frozen=True)
class Viewer:
    """A member of the staff who looks at the area as a client does, and may only look."""

    id: str
    name: str
    until: datetime


@dataclass(frozen=True)
class Visitor:
    """A signed-in client. With a `viewer` it is somebody of the staff who looks, and no session of the client's."""

    session_id: uuid.UUID
    credential_id: uuid.UUID
    must_change: bool
    party: Party
    viewer: Viewer | None = None


def portal() -> Portal:
    """What the pages work with, inside a request."""
    found: Portal = current_app.extensions["portal"]
    return found


def current_visitor() -> Visitor | None:
    """The signed-in client, if any. A session that is over ends here at the latest."""
    if "visitor" not in g:
        g.visitor = None if request.path.startswith("/api/") else _viewed() or _load()
    visitor: Visitor | None = g.visitor
    return visitor


def _viewed() -> Visitor | None:
    viewing = present_viewing()
    if viewing is None:
        return None
    viewer = Viewer(viewing.staff_id, viewing.staff_name, viewing.expires_at)
    return Visitor(viewing.id, viewing.id, must_change=False, party=viewing.party, viewer=viewer)


def _load() -> Visitor | None:
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    with current().db.read() as session:
        found = find_session(session, hash_token(token))
    if found is None:
        return None
    if reason := _why_over(found):
        with current().db.write() as session:
            end_session(session, found.id, reason)
        return None
    if clock.now() - found.last_seen_at >= TOUCH_EVERY:
        with current().db.write() as session:
            touch_session(session, found.id)
    return Visitor(found.id, found.credential_id, found.must_change, found.party)


def _why_over(found: ClientSession) -> str:
    if is_expired(portal().lifetime, found.created_at, found.last_seen_at, clock.now()):
        return "expired"
    # The event ends the sessions; this is for the moment in which only the copy knows yet.
    return "" if found.party.active else "party_deactivated"


def client_required(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let only signed-in clients see a page, and none of them before an initial password was changed."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        visitor = current_visitor()
        if visitor is None:
            return redirect(signin_address(), 303)
        if visitor.must_change:
            return redirect(url_for("passwords.change"), 303)
        become(_actor(visitor))
        return view(visitor, *args, **kwargs)

    return guarded


def _actor(visitor: Visitor) -> Actor:
    address = request.remote_addr or ""
    if visitor.viewer:
        return Actor("staff", visitor.viewer.id, visitor.viewer.name, address)
    return Actor("party", str(visitor.party.id), visitor.party.name, address)


def signin_address() -> str:
    """Where to sign in and come back to the present page."""
    target = request.full_path.rstrip("?") if request.method == "GET" else ""
    if not target or target.rstrip("/") == AREA:
        return url_for("access.signin")
    return f"{url_for('access.signin')}?{urlencode({'next': target})}"


def safe_target(target: str | None) -> str:
    """`target` if it is a page of the client area, otherwise its home."""
    start = url_for("home.show")
    wanted = safe_next(target, start)
    return wanted if wanted.startswith(f"{AREA}/") and "/." not in wanted else start


def keep_token(response: Response, token: str) -> None:
    """Put a session's token into the browser."""
    response.set_cookie(COOKIE, token, path=AREA, secure=request.is_secure, httponly=True, samesite="Lax")


def drop_token(response: Response) -> None:
    """Take it out again."""
    response.delete_cookie(COOKIE, path=AREA, secure=request.is_secure, httponly=True, samesite="Lax")


def preferred_language() -> str | None:
    """The language of whoever is signed in: of the client in the client area, of the staff elsewhere."""
    if request.path.startswith(AREA):
        visitor = current_visitor()
        return visitor.party.language if visitor else None
    staff = current_staff()
    return staff.language if staff else None


def client_frame() -> dict[str, Any]:
    """What the frame of the client area shows of the signed-in client."""
    visitor = current_visitor() if request.path.startswith(AREA) else None
    if visitor is None:
        return {}
    menu = [] if visitor.must_change else [(url_for(to), label, symbol) for to, label, symbol in _entries(visitor)]
    return {
        "client_name": "" if visitor.viewer else visitor.party.name,  # who only looks leaves by the banner
        "client_menu": menu,
        "client_fold": [] if visitor.must_change else _fold(),
        "client_here": _here([address for address, *_ in menu]),
        "client_signout": url_for("access.signout"),
        "client_viewed": _banner(visitor.party.name, visitor.viewer) if visitor.viewer else None,
    }


def _banner(name: str, viewer: Viewer) -> dict[str, str]:
    return {
        "text": gettext("You see the area of %(name)s as the client sees it. Read only.", name=name),
        "until": gettext("Until %(time)s.", time=format_time(viewer.until, "short")),
        "leave": url_for("viewing.leave"),
        "label": gettext("Leave"),
    }


def _entries(visitor: Visitor) -> list[tuple[str, str, str]]:
    """The menu: endpoint, label and icon. On a phone the first three stand beside it, the others are folded."""
    income = [("income.index", gettext("Statements"), "graph-up-arrow")]
    return [
        ("home.show", gettext("Home"), "house-door"),
        ("invoices.index", gettext("Invoices"), "receipt"),
        *(income if profile_of(visitor.party.classes).is_owner else []),
        ("receipts.index", gettext("Receipts"), "check2-square"),
        ("statement.show", gettext("Account statement"), "journal-text"),
        ("cases.index", gettext("Requests (PQRS)"), "chat-left-text"),
        ("profile.show", gettext("Profile"), "person"),
        *([] if visitor.viewer else [("security.show", gettext("Security"), "shield-lock")]),
    ]


def _fold() -> list[tuple[str, str, str]]:
    """What stands below the menu where it is unfolded."""
    return [(url_for("guide.download"), gettext("Download the user guide"), "book")]


def _here(addresses: Iterable[str]) -> str:
    """Of the menu's addresses the longest that the present page lies below; every page lies below the home."""
    start, path = url_for("home.show"), request.path
    if path.rstrip("/") == start.rstrip("/"):
        return start
    below = [one for one in addresses if one != start and f"{path}/".startswith(f"{one.rstrip('/')}/")]
    return max(below, key=len, default="")
