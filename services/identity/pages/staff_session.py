"""The staff's session at identity: a cookie with a random token, whose digest is in the table."""

from flask import Response, g, request, session

from services.identity.actions.runtime import runtime
from services.identity.actions.staff import Opening, end_session
from services.identity.actions.staff_sessions import SEEN_EVERY, note_seen
from services.identity.models.staff import StaffMember
from services.identity.queries.staff import SignedIn, find_half_signed_in, find_signed_in
from services.identity.rules.second_factor import PROOF_LASTS, is_due
from services.identity.rules.staff import SESSION_LASTS
from shared.clock import now
from shared.web import Staff, current
from shared.web.signin import BACKOFFICES

COOKIE = "porteria_staff"
HALF_COOKIE = "porteria_staff_code"
CODE_PATH = "/backoffice/identity/login/code"


def signed_in() -> SignedIn | None:
    """Who is signed in in this browser, even if they have to change their password first."""
    if "signed_in" not in g:
        g.signed_in = None
        if token := request.cookies.get(COOKIE):
            with current().db.read() as database:
                g.signed_in = find_signed_in(database, token)
            _note_seen(g.signed_in)
    found: SignedIn | None = g.signed_in
    return found


def _note_seen(found: SignedIn | None) -> None:
    if found is not None and now() - (found.session.last_seen_at or found.session.started_at) >= SEEN_EVERY:
        with current().db.write() as database:
            note_seen(database, found.session.id)


def half_signed_in() -> SignedIn | None:
    """Whose password was right in this browser a moment ago, while the code is still missing."""
    token = request.cookies.get(HALF_COOKIE)
    if not token:
        return None
    with current().db.read() as database:
        return find_half_signed_in(database, token)


def due_page(member: StaffMember, *, enrolled: bool) -> str | None:
    """The endpoint of the page on which somebody has to do something before any other page opens; None if nothing."""
    if member.must_change:
        return "own_password.change"
    if is_due(member.role, runtime().policy.second_factor_roles, enrolled=enrolled):
        return "own_second_factor.show"
    return None


def is_ready(person: SignedIn | None) -> bool:
    """Whether somebody is signed in and nothing is due before they go on."""
    return person is not None and due_page(person.member, enrolled=person.has_second_factor) is None


def load_staff() -> Staff | None:
    """For `shared.web`: who may use the pages. Asked of the table each time, so suspending counts at once."""
    found = signed_in()
    if found is None or not is_ready(found):
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


def keep_half_token(response: Response, token: str) -> None:
    """Give the browser what lets it show the page for the code, and nothing else."""
    session.clear()
    response.set_cookie(
        HALF_COOKIE,
        token,
        path=CODE_PATH,
        max_age=int(PROOF_LASTS.total_seconds()),
        secure=current().settings.public_url.startswith("https://"),
        httponly=True,
        samesite="Lax",
    )


def opening_here(*, awaits_code: bool = False, second_factor: bool = False) -> Opening:
    """How and where the session of this request is opened."""
    return Opening(
        address=request.remote_addr or "",
        user_agent=request.user_agent.string,
        awaits_code=awaits_code,
        second_factor=second_factor,
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
    response.delete_cookie(HALF_COOKIE, path=CODE_PATH)
    for service in BACKOFFICES:
        response.delete_cookie(f"porteria_{service}")
