"""Who of the staff is at the page, and what that person may do there."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import flash, g, redirect, request, session
from flask_babel import gettext

from shared import clock
from shared.audit import Actor, become
from shared.web.context import Staff, current
from shared.web.errors import Problem

ROLES = ("auditor", "agent", "administrator")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
RENEW_AFTER = 10 * 60
END_AFTER = 15 * 60
"""A form that was open for longer is not taken: whoever lost a role or was suspended changes nothing after that."""


def current_staff() -> Staff | None:
    """The signed-in member of the staff, if any. Never on REST paths: they take bearer tokens only."""
    if "staff" not in g:
        g.staff = None if request.path.startswith("/api/") else current().load_staff()
    staff: Staff | None = g.staff
    return staff


def remember_staff(staff: Staff) -> None:
    """Keep the signed-in person in this service's session cookie."""
    if session.get("staff", {}).get("id") != staff.id:
        session.clear()  # nothing of whoever was here before goes on; a renewal keeps open forms valid
    session["staff"] = {
        "id": staff.id,
        "name": staff.name,
        "role": staff.role,
        "language": staff.language,
        "renewed_at": int(clock.now().timestamp()),
    }


def staff_of_session() -> Staff | None:
    """The usual loader: what `remember_staff` kept, while it is fresh enough."""
    kept = session.get("staff")
    if not kept or _age(kept) > END_AFTER or kept["role"] not in ROLES:
        return None
    return Staff(id=kept["id"], name=kept["name"], role=kept["role"], language=kept["language"])


def _age(kept: dict[str, Any]) -> float:
    return clock.now().timestamp() - float(kept["renewed_at"])


def needs_renewal() -> bool:
    """Whether identity should be asked again; only where the browser shows what it gets (no picture, no form)."""
    kept = session.get("staff")
    if request.method != "GET" or not kept or "renewed_at" not in kept:
        return False
    return _age(kept) > RENEW_AFTER and request.headers.get("Sec-Fetch-Dest", "document") in ("document", "empty")


def has_role(staff: Staff | None, role: str) -> bool:
    """Whether a person has at least this role; administrators may all that agents may, agents all that auditors may."""
    return staff is not None and staff.role in ROLES and ROLES.index(staff.role) >= ROLES.index(role)


def staff_required(role: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let only signed-in staff see a page; others go to the sign-in and come back.

    Without a role anybody of the staff may look, and agents and administrators may change: an auditor's POST gets 403.
    With a role it is needed for every method (`"auditor"` lets an auditor POST too, for example the own password).
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            staff = current_staff()
            if staff is None and request.method not in SAFE_METHODS:
                flash(
                    gettext("Your sign-in had to be confirmed first, so nothing was saved. Please do it again."),
                    "warning",
                )
            if staff is None or needs_renewal():
                return redirect(signin_url(), 303)
            needed = role or ("auditor" if request.method in SAFE_METHODS else "agent")
            if not has_role(staff, needed):
                raise Problem(403, _refusal(staff))
            become(Actor("staff", staff.id, staff.name, request.remote_addr or ""))
            return view(*args, **kwargs)

        return guarded

    return decorate


def _refusal(staff: Staff) -> str:
    if staff.role == "auditor":
        return gettext("Auditors read everything and change nothing. Ask an agent or an administrator.")
    return gettext("Only an administrator may do this.")


def signin_url(target: str | None = None) -> str:
    """Where somebody signs in to come back to `target`, or else to the present page."""
    if target is None:
        # A form cannot be sent again by itself: after the sign-in the person returns to where it was shown.
        target = request.full_path.rstrip("?") if request.method == "GET" else _path_of(request.referrer)
    return f"{current().signin_path}?{urlencode({'next': target})}"


def _path_of(address: str | None) -> str:
    parts = urlsplit(address or "")
    return safe_next(parts.path + (f"?{parts.query}" if parts.query else "")) if parts.path else current().home


def safe_next(target: str | None, default: str | None = None) -> str:
    """`target` if it is a path of this origin, otherwise `default` (this service's home): no open redirects."""
    default = current().home if default is None else default
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or not target.isprintable():
        return default
    return default if "\\" in target or urlsplit(target).netloc else target
