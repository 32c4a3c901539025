"""The endpoints of the OpenID provider that programs call: token, userinfo, key set, discovery."""

import json
import threading
import time
from typing import Any

import structlog
from flask import Blueprint, Response, jsonify, request
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from limits import RateLimitItemPerMinute
from sqlalchemy.orm import Session

from services.identity.actions.keys import ensure_key
from services.identity.actions.provider import Provider
from services.identity.actions.provider.parties import Subject
from services.identity.actions.throttling import Throttled, count_attempt
from services.identity.queries.keys import list_published_keys
from services.identity.queries.oauth import find_client, find_code
from services.identity.queries.staff import find_signed_in_by_session
from services.identity.rules.keys import PURPOSES
from services.identity.rules.logins import network_of, throttle_key
from services.identity.rules.scopes import API_SCOPES, OPENID_SCOPES
from shared.db import Database
from shared.web import current
from shared.web.tokens import AUDIENCE, read_claims

JWKS_AGE = 300
KEPT_SECONDS = 30.0
WRONG_SECRETS = RateLimitItemPerMinute(30, 5)
TOKEN_PATH, AUTHORIZE_PATH = "/oauth/token", "/oauth/authorize"
SIGNOUT_PATH = "/backoffice/identity/signout"

log = structlog.get_logger(__name__)
blp = Blueprint("oauth", __name__)


class OwnKeys:
    """What `shared.web.require_scope` asks for inside identity itself: the key set, from the table, kept shortly."""

    def __init__(self, db: Database) -> None:
        self._db, self._lock = db, threading.Lock()
        self._keys, self._read_at = KeySet([]), float("-inf")

    def __call__(self, kid: str) -> KeySet:
        """The key set; read anew when it is old, or when it lacks `kid`."""
        with self._lock:
            known = any(key.kid == kid for key in self._keys.keys)
            if not known or time.monotonic() - self._read_at > KEPT_SECONDS:
                with self._db.read() as session:
                    self._keys = KeySet.import_key_set({"keys": _public_keys(session)})
                self._read_at = time.monotonic()
            return self._keys


def _public_keys(session: Session) -> list[dict[str, Any]]:
    return [json.loads(key.public_key) for key in list_published_keys(session)]


@blp.post(TOKEN_PATH)
def token() -> Response:
    """RFC 6749, 3.2: client_credentials and authorization_code."""
    service = current()
    refused: list[str] = []

    def wrong_secret(client_id: str) -> int | None:
        refused.append(client_id)
        try:
            count_attempt(session, [(WRONG_SECRETS, throttle_key("client", network_of(request.remote_addr or "")))])
        except Throttled as error:
            return error.retry_after
        return None

    with service.db.write() as session:
        provider = Provider(session, service.keyring, service.settings.public_url, request.form, wrong_secret)
        response: Response = provider.create_token_response()
    if refused:
        log.warning("client_refused", client_id=refused[0][:80], address=request.remote_addr)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response


@blp.route("/oauth/userinfo", methods=["GET", "POST"])
def userinfo() -> tuple[Response, int] | Response:
    """OpenID Connect Core, 5.3: who the token's person is, as long as they are signed in."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not text:
        return _unauthorized("")
    try:
        claims = read_claims(text.strip(), AUDIENCE)
    except (JoseError, ValueError):
        return _unauthorized("invalid_token")
    scope = str(claims.get("scope", ""))
    with current().db.read() as session:
        code = find_code(session, str(claims.get("jti", "")))
        counts = code is not None and not code.replayed_at and find_client(session, code.client_id) is not None
        signed_in = find_signed_in_by_session(session, code.session_id) if code and counts else None
    if signed_in is None or "openid" not in scope.split() or claims.get("sub") != str(signed_in.member.id):
        return _unauthorized("invalid_token")
    return jsonify(Subject(signed_in).claims(scope))


def _unauthorized(error: str) -> tuple[Response, int]:
    response = jsonify({"error": error} if error else {})
    response.headers["WWW-Authenticate"] = 'Bearer realm="porteria"' + (f', error="{error}"' if error else "")
    return response, 401


@blp.get("/.well-known/jwks.json")
def jwks() -> Response:
    """RFC 7517: the keys that check tokens (EC) and sealed secrets (OKP)."""
    with current().db.read() as session:
        keys = _public_keys(session)
    if {key["kty"] for key in keys} != {"EC", "OKP"}:  # the first question comes before the first signature
        with current().db.write() as session:
            for purpose in PURPOSES:
                ensure_key(session, current().keyring, purpose)
            keys = _public_keys(session)
    response = jsonify({"keys": keys})
    response.headers["Cache-Control"] = f"public, max-age={JWKS_AGE}"
    return response


@blp.get("/.well-known/openid-configuration")
@blp.get("/.well-known/oauth-authorization-server")
def discovery() -> Response:
    """OpenID Connect Discovery 1.0 and RFC 8414."""
    issuer = current().settings.public_url
    response = jsonify(
        {
            "issuer": issuer,
            "authorization_endpoint": issuer + AUTHORIZE_PATH,
            "token_endpoint": issuer + TOKEN_PATH,
            "userinfo_endpoint": f"{issuer}/oauth/userinfo",
            "jwks_uri": f"{issuer}/.well-known/jwks.json",
            "end_session_endpoint": issuer + SIGNOUT_PATH,
            "scopes_supported": [*OPENID_SCOPES, *API_SCOPES],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "prompt_values_supported": ["none", "login", "consent"],
            "acr_values_supported": ["aal1", "aal2"],
            "claims_supported": [
                *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "amr", "acr"),
                *("name", "preferred_username", "roles", "locale", "email", "email_verified"),
            ],
            "ui_locales_supported": ["es", "en"],
            "claims_parameter_supported": False,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
            "authorization_response_iss_parameter_supported": True,
        }
    )
    response.headers["Cache-Control"] = f"public, max-age={JWKS_AGE}"
    return response
