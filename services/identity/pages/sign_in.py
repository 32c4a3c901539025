"""The staff signs in and out, for all back offices at once."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog
from authlib.common.urls import add_params_to_uri
from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from joserfc import jwt
from joserfc.errors import JoseError

from services.identity.actions.auditing import record_refused_sign_in, record_staff_sign_in
from services.identity.actions.runtime import runtime
from services.identity.actions.staff import renew_hash, start_session
from services.identity.actions.throttling import Counted, Throttled, count_attempt, forgive_attempt
from services.identity.actions.verification import TooManyAtOnce
from services.identity.models.staff import StaffMember
from services.identity.pages.staff_session import (
    due_page,
    end_here,
    keep_half_token,
    keep_token,
    opening_here,
    signed_in,
)
from services.identity.queries.oauth import find_client
from services.identity.queries.second_factor import Owner, has_factor
from services.identity.queries.staff import find_member_by_username
from services.identity.rules.addresses import origin, own_path
from services.identity.rules.hashing import matching
from services.identity.rules.logins import network_of, throttle_key
from services.identity.rules.second_factor import STAFF
from services.identity.rules.staff import normal_username
from services.identity.schemas.staff import SignInForm
from shared.web import current, set_policy

HOME = "/backoffice/"
AUTHORIZE_PATH = "/oauth/authorize"

log = structlog.get_logger(__name__)
blp = Blueprint("sign_in", __name__, url_prefix="/backoffice/identity")


@blp.route("/login", methods=["GET", "POST"])
def login() -> Any:
    """The sign-in page; afterwards the person goes on to `next`, a path of this origin."""
    target = own_path(request.args.get("next"), HOME)
    here = signed_in()
    if here is not None and request.method == "GET":
        if due := due_page(here.member, enrolled=here.has_second_factor):
            return redirect(url_for(due, next=target), 303)
        if "fresh" not in request.args:
            return redirect(target, 303)
    form = SignInForm()
    if not form.validate_on_submit():
        return _page(form, target)
    try:
        token, member, enrolled = _check(form.username.data, form.password.data)
    except Throttled as error:
        minutes = max(1, round(error.retry_after / 60))
        text = gettext("Too many attempts. Try again in %(minutes)s minutes.", minutes=minutes)
        return _page(form, target, text, 429, {"Retry-After": str(error.retry_after)})
    except TooManyAtOnce:
        text = gettext("Very many people are signing in at this moment. Try again in a few seconds.")
        return _page(form, target, text, 503, {"Retry-After": "2"})
    if token is None or member is None:
        log.info("staff_refused", address=request.remote_addr)
        return _page(form, target, gettext("User or password is not right."), 401)
    if enrolled:
        response = make_response(redirect(url_for("sign_in_code.ask", next=target), 303))
        end_here(response)
        keep_half_token(response, token)
        return response
    return sign_in(token, member, target, enrolled=False)


def sign_in(token: str, member: StaffMember, target: str, *, enrolled: bool) -> Response:
    """Give the browser its session and send it on: to what is due first, otherwise to where it wanted to go."""
    if due := due_page(member, enrolled=enrolled):
        target = url_for(due, next=target)
    response = make_response(redirect(target, 303))
    end_here(response)
    keep_token(response, token)
    log.info("staff_signed_in", staff=str(member.id))
    return response


def _check(username: str, password: str) -> tuple[str | None, StaffMember | None, bool]:
    """A session's token if user and password belong together, and whether a code is still missing.

    The same work, whoever it is. Raises Throttled, TooManyAtOnce.
    """
    db, rules = current().db, runtime().policy
    account: Counted = (rules.account_limit, throttle_key("staff", normal_username(username)))
    address: Counted = (rules.address_limit, throttle_key("staff-address", network_of(request.remote_addr or "")))
    with db.write() as session:
        count_attempt(session, [account, address])
    with db.read() as session:
        member = find_member_by_username(session, username)
    # No transaction is open meanwhile: this takes a good part of a second.
    with runtime().gate.place():
        right = matching(password, [member.password_hash] if member else [], rules.password_cost)
        let_in = member is not None and right is not None and member.active
        renewed = renew_hash(member, password, rules.password_cost) if member is not None and let_in else None
    here = request.remote_addr or ""
    if member is None or not let_in:
        with db.write() as session:
            record_refused_sign_in(session, username, member, here)
        return None, member, False
    with db.write() as session:
        forgive_attempt(session, account, [address])
        enrolled = has_factor(session, Owner(STAFF, member.id))
        token = start_session(session, member, renewed, opening_here(awaits_code=enrolled))
        if token is not None and not enrolled:
            record_staff_sign_in(session, member, here)
        return token, member, enrolled


def _page(
    form: SignInForm, target: str, problem: str = "", status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    let_forms_lead_to(target)
    body = render_template("identity/sign_in.html", form=form, target=target, problem=problem)
    return make_response(body, status, headers or {})


def let_forms_lead_to(target: str) -> None:
    """Browsers hold `form-action` against redirects too: name the outside client to which the sign-in goes on."""
    parts = urlsplit(target)
    if parts.path != AUTHORIZE_PATH:
        return
    query = parse_qs(parts.query)
    client_id, redirect_uri = query.get("client_id", [""])[0], query.get("redirect_uri", [""])[0]
    with current().db.read() as session:
        client = find_client(session, client_id)
    if client is not None and redirect_uri in client.redirect_uris:
        set_policy(form_action=f"'self' {origin(redirect_uri)}")


@blp.route("/signout", methods=["GET", "POST"])
def signout() -> Any:
    """Sign out of everything (OpenID Connect RP-Initiated Logout 1.0).

    Our own back offices lead here with a redirect; a foreign page that does so has to let the person confirm.
    """
    foreign = request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")
    hint = _client_of_hint()
    if request.method == "GET" and foreign and hint is None and signed_in() is not None:
        return render_template(
            "confirm.html",
            title=gettext("Sign out"),
            message=gettext("Sign out of all back offices in this browser?"),
            action=request.full_path,
            accept=gettext("Sign out"),
            cancel=HOME,
        )
    response = make_response(redirect(_after_signout(hint), 303))
    end_here(response)
    return response


def _client_of_hint() -> str | None:
    """The client that got the id token in `id_token_hint`, which may have expired; None if it is not ours."""
    hint = request.values.get("id_token_hint", "")
    try:
        claims = jwt.decode(hint, current().token_keys(""), algorithms=["ES256"]).claims
    except (JoseError, ValueError):
        return None
    return str(claims["aud"]) if claims.get("iss") == current().settings.public_url and "aud" in claims else None


def _after_signout(client_id: str | None) -> str:
    """Back to the client that asked for it, where one of its registered addresses is; otherwise to the sign-in."""
    wish = request.values.get("post_logout_redirect_uri", "")
    if client_id and wish:
        with current().db.read() as session:
            client = find_client(session, client_id)
        if client is not None and any(origin(uri) == origin(wish) for uri in client.redirect_uris):
            state = request.values.get("state")
            return str(add_params_to_uri(wish, [("state", state)])) if state else wish
    return url_for("sign_in.login")
