"""Who of the clients is at the page: the session behind the cookie, and what it opens."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, g, redirect, render_template, request, url_for

from services.portal.actions.sessions import TOUCH_EVERY, end_session, hash_token, touch_session
from services.portal.clients.directory import Directory
from services.portal.clients.files import FileStore
from services.portal.clients.fiscal_keys import FiscalKey
from services.portal.clients.gateways.choosing import Gateways
from services.portal.clients.identity import Identity
from services.portal.clients.mailer import Mailer
from services.portal.models import ClientSession, Contact, Party
from services.portal.pages.viewed import is_to_look_at, present_viewing
from services.portal.queries.sessions import find_session
from services.portal.rules.contacts import ACTIVE
from services.portal.rules.rights import ALL_RIGHTS, may_open, needs_the_client
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
    """Somebody who is signed in and looks at the area of `party`: the client, or whom the client let in (`contact`).

    With a `viewer` it is somebody of the staff who looks, and no session of the client's.
    """

    session_id: uuid.UUID
    credential_id: uuid.UUID
    must_change: bool
    party: Party
    subject_id: uuid.UUID
    """Who signed in, as identity calls them: passwords, codes and sessions are this one's."""
    name: str
    language: str
    contact: Contact | None = None
    rights: frozenset[str] = ALL_RIGHTS
    must_choose: bool = False
    has_choice: bool = False
    """Whether other areas open to them, too."""
    viewer: Viewer | None = None

    @property
    def login(self) -> str:
        """With what they sign in."""
        person = self.contact.person if self.contact else None
        return person.address if person else self.party.document_number

    @property
    def is_holder(self) -> bool:
        """Whether it is the client themself."""
        return self.contact is None

    def may(self, endpoint: str) -> bool:
        """Whether a page of the area opens to them; see rules/rights.py. Who only looks opens nothing that acts."""
        opens = may_open(self.rights, endpoint, is_client=self.is_holder)
        return opens and (self.viewer is None or is_to_look_at(endpoint))


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
    return _visitor(viewing.party, viewing.id, viewing.id, must_change=False, viewer=viewer)


def _visitor(party: Party, session_id: uuid.UUID, credential_id: uuid.UUID, **more: Any) -> Visitor:
    """The client themself, or who looks as the client does."""
    who: dict[str, Any] = {"subject_id": party.id, "name": party.name, "language": party.language}
    return Visitor(session_id, credential_id, party=party, **(who | more))


def _load() -> Visitor | None:
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    with current().db.read() as session:
        known = find_session(session, hash_token(token))
    if known is None:
        return None
    found, has_choice = known
    if reason := _why_over(found):
        with current().db.write() as session:
            end_session(session, found.id, reason)
        return None
    if clock.now() - found.last_seen_at >= TOUCH_EVERY:
        with current().db.write() as session:
            touch_session(session, found.id)
    more: dict[str, Any] = {"must_change": found.must_change, "must_choose": found.must_choose}
    more["has_choice"] = has_choice
    if found.contact and (person := found.contact.person):
        more |= {"subject_id": person.id, "name": person.name, "language": person.language}
        more |= {"contact": found.contact, "rights": ALL_RIGHTS.intersection(found.contact.rights)}
    return _visitor(found.party, found.id, found.credential_id, **more)


def _why_over(found: ClientSession) -> str:
    if is_expired(portal().lifetime, found.created_at, found.last_seen_at, clock.now()):
        return "expired"
    if found.contact and (found.contact.state != ACTIVE or found.contact.person is None):
        return "access_ended"
    # The event ends the sessions; this is for the moment in which only the copy knows yet.
    return "" if found.party.active else "party_deactivated"


def client_required(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let only who is signed in see a page, and only with the right that rules/rights.py asks for it.

    Nobody gets on before an initial password was changed, and one of several clients was chosen.
    """

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        visitor = current_visitor()
        if visitor is None:
            return redirect(signin_address(), 303)
        if visitor.must_change:
            return redirect(url_for("passwords.change"), 303)
        if elsewhere := _elsewhere(visitor):
            return redirect(elsewhere, 303)
        become(actor_of(visitor))
        if not visitor.may(request.endpoint or ""):
            return _refusal(visitor, request.endpoint or "")
        return view(visitor, *args, **kwargs)

    return guarded


def _refusal(visitor: Visitor, endpoint: str) -> tuple[str, int]:
    """Why a page does not open, and whom to ask."""
    page = "portal/refused.html"
    return render_template(page, name=visitor.party.name, never=needs_the_client(endpoint)), 403


def _elsewhere(visitor: Visitor) -> str:
    """Where to go first: a choice that is due, or the area that the link of a letter is about (`?of=<party>`)."""
    if visitor.must_choose:
        return url_for("accounts.choose", next=_present_page())
    meant = request.args.get("of", "")
    if not meant or request.method != "GET" or visitor.viewer or meant == str(visitor.party.id):
        return ""
    return url_for("accounts.follow", of=meant, next=request.path)


def actor_of(visitor: Visitor) -> Actor:
    """Who acts, for the audit trail: the person, not the client whose area it is."""
    address = request.remote_addr or ""
    if visitor.viewer:
        return Actor("staff", visitor.viewer.id, visitor.viewer.name, address)
    return Actor("party", str(visitor.subject_id), visitor.name, address)


def _present_page() -> str:
    """The present page, to come back to; "" if it cannot be."""
    return request.full_path.rstrip("?") if request.method == "GET" else ""


def signin_address() -> str:
    """Where to sign in and come back to the present page."""
    target = _present_page()
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
        return visitor.language if visitor else None
    staff = current_staff()
    return staff.language if staff else None
