"""Bearer tokens: who calls our REST interface, and what that caller may do."""

import threading
import time
import uuid
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import unquote

import requests
import structlog
from flask import g, request
from flask_babel import gettext
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError
from joserfc.jwk import KeySet

from shared import audit, clock
from shared.settings import CommonSettings
from shared.web.context import current
from shared.web.errors import Problem
from shared.web.text import refuse_unstorable_text

AUDIENCE = "porteria"
ALGORITHMS = ["ES256"]
FIRST_PARTY = "porteria-"
LEEWAY = 5
REFETCH_AFTER = 3.0
RETRY_AFTER = 0.5  # after a failure: identity may just be starting
ACTOR_HEADER = "Porteria-Actor"
PARTY_HEADER = "Porteria-Party"

P = ParamSpec("P")
R = TypeVar("R")
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Client:
    """The program that calls, as its token tells."""

    id: str
    scopes: frozenset[str]

    @property
    def is_first_party(self) -> bool:
        """One of our own services."""
        return self.id.startswith(FIRST_PARTY)


@dataclass(frozen=True)
class Actor:
    """The person for whom one of our own services calls."""

    id: str
    name: str


class RemoteKeys:
    """Identity's public keys, kept, and asked for again when a token names one that is not known yet."""

    def __init__(self, settings: CommonSettings) -> None:
        self._url = settings.internal_url("identity") + "/.well-known/jwks.json"
        self._keys = KeySet([])
        self._again_at = 0.0
        self._lock = threading.Lock()

    def __call__(self, kid: str) -> KeySet:
        """The key set, fetched anew (at most every few seconds) if `kid` is not in it."""
        with self._lock:
            known = any(key.kid == kid for key in self._keys.keys)
            if not known and time.monotonic() >= self._again_at:
                self._fetch()
            if not self._keys.keys:
                detail = gettext("The keys that check your token cannot be had at the moment.")
                raise Problem(503, detail, headers={"Retry-After": "2"})
            return self._keys

    def _fetch(self) -> None:
        try:
            answer = requests.get(self._url, timeout=(1, 5))
            answer.raise_for_status()
            self._keys = KeySet.import_key_set(answer.json())
        except (requests.RequestException, ValueError, JoseError) as error:
            log.warning("keys_not_fetched", error=type(error).__name__)
            self._again_at = time.monotonic() + RETRY_AFTER
        else:
            self._again_at = time.monotonic() + REFETCH_AFTER


def read_claims(text: str, audience: str) -> dict[str, Any]:
    """The claims of a token that identity signed for `audience` and that has not expired.

    Raises joserfc's JoseError (ExpiredTokenError, InvalidClaimError, …) or ValueError.
    """

    def keys(token: Any) -> KeySet:
        return current().token_keys(str(token.headers().get("kid", "")))

    claims = jwt.decode(text, keys, algorithms=ALGORITHMS).claims
    jwt.JWTClaimsRegistry(
        now=int(clock.now().timestamp()),
        leeway=LEEWAY,
        iss={"essential": True, "value": current().settings.public_url},
        aud={"essential": True, "value": audience},
        exp={"essential": True},
    ).validate(claims)
    return dict(claims)


def require_scope(*scopes: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a REST view run only for a bearer token with every one of these scopes, and say so in its OpenAPI entry.

    It goes above `@blp.arguments`, so that strangers learn nothing from the validation of what they send.
    """

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            client = _authenticate()
            if missing := [scope for scope in scopes if scope not in client.scopes]:
                detail = gettext("The token lacks the scope %(scope)s.", scope=" ".join(missing))
                raise Problem(403, detail, headers=_challenge("insufficient_scope", " ".join(scopes)))
            g.client = client
            audit.become(_actor(client))
            refuse_unstorable_text()
            return view(*args, **kwargs)

        documented: dict[str, Any] = deepcopy(getattr(view, "_apidoc", {}))
        documented.setdefault("manual_doc", {})["security"] = [{"oauth2": list(scopes)}]
        guarded._apidoc = documented  # type: ignore[attr-defined]
        return guarded

    return decorate


def _actor(client: Client) -> audit.Actor:
    """Who is behind the call: the person in whose name one of our services calls, else the program itself."""
    staff, address = acting_staff(), request.remote_addr or ""
    if staff:
        return audit.Actor("staff", staff.id, staff.name, address)
    if party := _named_in(PARTY_HEADER):
        return audit.Actor("party", party.id, party.name, address)
    return audit.Actor("system" if client.is_first_party else "client", client.id, client.id, address)


def _authenticate() -> Client:
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not text.strip():
        raise Problem(401, gettext("A bearer token is needed."), headers=_challenge())
    try:
        claims = read_claims(text.strip(), AUDIENCE)
    except ExpiredTokenError:
        raise _refused(gettext("The token has expired.")) from None
    except InvalidClaimError as error:
        if error.claim == "aud":
            raise _refused(gettext("The token is for another audience.")) from None
        raise _refused(gettext("The token is not valid: its %(claim)s is wrong.", claim=error.claim)) from None
    except MissingClaimError:
        raise _refused(gettext("The token lacks a claim that is needed.")) from None
    except (JoseError, ValueError):
        raise _refused(gettext("The token is not valid: its signature is not ours.")) from None
    return Client(str(claims.get("client_id", claims.get("sub", ""))), frozenset(str(claims.get("scope", "")).split()))


def _refused(detail: str) -> Problem:
    return Problem(401, detail, headers=_challenge("invalid_token"))


def _challenge(error: str = "", scope: str = "") -> dict[str, str]:
    parts = ['Bearer realm="porteria"']
    if error:
        parts.append(f'error="{error}"')
    if scope:
        parts.append(f'scope="{scope}"')
    return {"WWW-Authenticate": ", ".join(parts)}


def current_client() -> Client | None:
    """The program that calls, inside a view guarded by `require_scope`; None on pages."""
    client: Client | None = g.get("client")
    return client


def acting_staff() -> Actor | None:
    """The staff member in whose name one of our own services calls; from anybody else the header is not believed."""
    return _named_in(ACTOR_HEADER)


def _named_in(header: str) -> Actor | None:
    client = current_client()
    identifier, _, name = request.headers.get(header, "").partition(";")
    if client is None or not client.is_first_party or not _is_id(identifier):
        return None
    return Actor(identifier, unquote(name)[:200])


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
