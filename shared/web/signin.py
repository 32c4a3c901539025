"""Signing the staff in to a back office: the client side of OpenID Connect (code, PKCE, state, nonce).

Identity is on the same origin, so the browser is sent to a relative address; the code is exchanged server to server.
"""

import base64
import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import urlencode

import requests
import structlog
from flask import Blueprint, Response, redirect, request, session
from flask_babel import gettext
from itsdangerous import BadData, URLSafeTimedSerializer
from joserfc.errors import JoseError

from shared.i18n import language
from shared.web.context import Staff, current
from shared.web.errors import Problem
from shared.web.staff import ROLES, remember_staff, safe_next, staff_required
from shared.web.tokens import read_claims

FLOW_SECONDS = 600
BACKOFFICES = ("directory", "identity", "mailer", "portal")
AUTHORIZE_PATH = "/oauth/authorize"
SIGNOUT_PATH = "/backoffice/identity/signout"

log = structlog.get_logger(__name__)


def signin_blueprint(service: str) -> Blueprint:
    """`signin`, `callback`, `signout` and `stay` below `/backoffice/<service>/`."""
    blueprint = Blueprint("staff", __name__, url_prefix=f"/backoffice/{service}")
    blueprint.get("/signin")(signin)
    blueprint.get("/callback")(callback)
    blueprint.post("/signout")(signout)
    blueprint.get("/stay")(staff_required()(stay))
    return blueprint


def signin() -> Response:
    """Begin: remember what is needed for the end in a cookie of this one attempt, and go to identity."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    redirect_uri = f"{request.host_url}backoffice/{current().service}/callback"
    flow = {
        "nonce": nonce,
        "verifier": verifier,
        "next": safe_next(request.args.get("next")),
        "redirect_uri": redirect_uri,
    }
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    parameters = {
        "response_type": "code",
        "client_id": _client_id(),
        "redirect_uri": redirect_uri,
        "scope": "openid profile",
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "ui_locales": language(),
    }
    response = redirect(f"{AUTHORIZE_PATH}?{urlencode(parameters)}", 303)
    # One cookie for each attempt: in the session, two tabs that sign in at once would overwrite each other.
    response.set_cookie(
        _flow_cookie(state),
        _signer(state).dumps(flow),
        max_age=FLOW_SECONDS,
        path=_callback_path(),
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )
    return response  # type: ignore[return-value]


def callback() -> Response:
    """End: exchange the code, check who it is, remember it in the session, and go where the person wanted to."""
    state = request.args.get("state", "")
    try:
        flow = _signer(state).loads(request.cookies.get(_flow_cookie(state), ""), max_age=FLOW_SECONDS)
    except BadData:
        raise Problem(400, gettext("This sign-in is too old or was begun in another browser. Start again.")) from None
    if "code" not in request.args:
        raise Problem(403, gettext("The sign-in was refused."))
    remember_staff(_identify(_exchange(request.args["code"], flow), flow["nonce"]))
    response = redirect(safe_next(flow["next"]), 303)
    response.delete_cookie(_flow_cookie(state), path=_callback_path())
    return response  # type: ignore[return-value]


def signout() -> Response:
    """End the sessions of the back offices in this browser, and go on to end the one at identity."""
    session.clear()
    response = redirect(SIGNOUT_PATH, 303)
    for service in BACKOFFICES:
        if service != "identity":  # it needs its cookie to know which session ends
            response.delete_cookie(f"porteria_{service}", path="/")
    return response  # type: ignore[return-value]


def stay() -> Response:
    """Asked by the script of a page on which somebody is still writing, so that the sign-in is renewed meanwhile."""
    return Response(status=204)


def _exchange(code: str, flow: dict[str, str]) -> str:
    service = current()
    data = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": flow["redirect_uri"],
        "code_verifier": flow["verifier"],
    }
    unavailable = gettext("The sign-in service does not answer at the moment. Try again shortly.")
    try:
        answer = requests.post(
            service.settings.internal_url("identity") + "/oauth/token",
            data=data,
            auth=(_client_id(), service.keyring.client_secret()),
            timeout=(1, 5),
        )
        if answer.status_code >= 500:
            raise Problem(503, unavailable)
        if not answer.ok:
            log.warning("code_refused", status=answer.status_code)
            raise Problem(400, gettext("This sign-in is too old or was used already. Start again."))
        return str(answer.json()["id_token"])
    except (requests.RequestException, ValueError, KeyError) as error:
        log.warning("code_not_exchanged", error=type(error).__name__)
        raise Problem(503, unavailable) from error


def _identify(id_token: str, nonce: str) -> Staff:
    try:
        claims: dict[str, Any] = read_claims(id_token, _client_id())
    except (JoseError, ValueError) as error:
        log.warning("identity_not_proven", error=type(error).__name__)
        raise Problem(400, gettext("The sign-in could not be checked. Start again.")) from error
    if not hmac.compare_digest(str(claims.get("nonce", "")), nonce):
        raise Problem(400, gettext("The sign-in could not be checked. Start again."))
    role = next((role for role in reversed(ROLES) if role in claims.get("roles", ())), None)
    if role is None:
        raise Problem(403, gettext("Your user has no role in the back office."))
    return Staff(
        id=str(claims["sub"]),
        name=str(claims.get("name", "")),
        role=role,
        language=str(claims.get("locale", "")),
    )


def _client_id() -> str:
    return f"porteria-{current().service}"


def _callback_path() -> str:
    return f"/backoffice/{current().service}/callback"


def _flow_cookie(state: str) -> str:
    return f"porteria_{current().service}_signin_{hashlib.sha256(state.encode()).hexdigest()[:12]}"


def _signer(state: str) -> URLSafeTimedSerializer:
    # The state is part of the salt: a cookie opens only with the state that it was made for.
    return URLSafeTimedSerializer(current().keyring.derive("signin"), salt=f"signin {state}")
