"""The staff's session at identity: a cookie with a random token, whose digest is in the table."""

from flask import Response, g, request, session

from services.identity.actions.staff import end_session
from services.identity.queries.staff import SignedIn, find_signed_in
from services.identity.rules.staff import SESSION_LASTS
from shared.web import Staff, current
from shared.web.signin import BACKOFFICES

COOKIE = "porteria_staff"


def signed_in() -> SignedIn | None:
    """Who is signed in in this browser, even if they have to change their password first."""
    if "signed_in" not in g:
        g.signed_in = None
        if token := request.cookies.get(COOKIE):
            with current().db.read() as database:
                g.signed_in = find_signed_in(database, token)
    found: SignedIn | None = g.signed_in
    return found


def load_staff() -> Staff | None:
    """For `shared.web`: who may use the pages. Asked of the table each time, so suspending counts at once."""
    found = signed_in()
    if found is None or found.member.must_change:
        return None
    member = found.member
    return Staff(id=str(member.id), name=member.name, role=member.role, language=member.language)


def keep_token(response: Response, token: str) -> None:
    """Give the browser its session."""
    session.clear()  # nothing of whoever was here before goes on
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(SESSION_LASTS.total_seconds()),
        secure=current().settings.public_url.startswith("https://"),
        httponly=True,
        samesite="Lax",
    )


def end_here(response: Response) -> None:
    """End the session of this browser, and let the other back offices forget who was here: the origin is the same."""
    if token := request.cookies.get(COOKIE):
        with current().db.write() as database:
            end_session(database, token)
    session.clear()
    g.pop("signed_in", None)
    g.staff = None
    response.delete_cookie(COOKIE)
    for service in BACKOFFICES:
        response.delete_cookie(f"porteria_{service}")
