"""Authlib's authorization server over our tables and keys."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import InvalidClientError, OAuth2Payload, OAuth2Request
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from flask import request as flask_request
from joserfc.jwk import ECKey, KeySet
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from services.identity.actions.clients import note_use
from services.identity.actions.keys import current_token_key
from services.identity.actions.provider.grants import (
    AuthorizationCodeGrant,
    ClientCredentialsGrant,
    IdentityToken,
    RequiredCodeChallenge,
)
from services.identity.actions.provider.parties import RegisteredClient, Subject
from services.identity.queries.oauth import find_client
from services.identity.rules.keys import TOKEN_LIFETIME
from shared.keyring import Keyring

AUDIENCE = "porteria"
LIFETIME = int(TOKEN_LIFETIME.total_seconds())


class WrongClient(InvalidClientError):
    """One answer for unknown, disabled and wrong, with the challenge that RFC 7235 asks for."""

    def __init__(self) -> None:
        super().__init__(description="The client or its secret is wrong", status_code=401)

    def get_headers(self) -> list[tuple[str, str]]:
        """With the realm, which Authlib leaves out."""
        plain = [(name, value) for name, value in super().get_headers() if name.lower() != "www-authenticate"]
        return [*plain, ("WWW-Authenticate", 'Basic realm="porteria", charset="UTF-8"')]


class SlowDown(InvalidClientError):
    """Too many wrong secrets from this address."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(description="Too many wrong secrets, wait a little", status_code=429)
        self._retry_after = retry_after

    def get_headers(self) -> list[tuple[str, str]]:
        """With the time to wait."""
        return [*super().get_headers(), ("Retry-After", str(self._retry_after))]


class _Payload(OAuth2Payload):
    def __init__(self, values: MultiDict[str, str]) -> None:
        self._values = values

    @property
    def data(self) -> Mapping[str, str]:
        return self._values

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        return defaultdict(list, {name: self._values.getlist(name) for name in self._values})


class _Request(OAuth2Request):
    """Only the body at the token endpoint, only the query at the authorization endpoint (RFC 6749, 3.1 and 3.2).

    Whether the way in is TLS is the operator's and the proxy's matter: between services in one network it is not, and
    Authlib would refuse every address but localhost.
    """

    def __init__(self, values: MultiDict[str, str]) -> None:
        super().__init__(flask_request.method, "https://porteria.invalid/", headers=flask_request.headers)
        self.payload = _Payload(values)
        self._values = values

    @property
    def args(self) -> Mapping[str, str]:
        return flask_request.args

    @property
    def form(self) -> Mapping[str, str]:
        return self._values


class _AccessTokens(JWTBearerTokenGenerator):
    def __init__(self, issuer: str, key: ECKey) -> None:
        super().__init__(issuer, alg="ES256", expires_generator=LIFETIME)
        self._keys = KeySet([key])

    def get_jwks(self) -> KeySet:
        return self._keys

    def get_audiences(self, client: Any, user: Any, scope: str) -> str:  # noqa: ARG002 - Authlib's signature
        return AUDIENCE

    def get_jti(self, client: Any, grant_type: str, user: Subject | None, scope: str) -> str:
        # The id of the code, so that userinfo can tell when the code was tried twice or the session ended.
        if user is not None and user.code is not None:
            return str(user.code.id)
        return str(super().get_jti(client, grant_type, user, scope))


class Provider(AuthorizationServer):
    """The authorization server of one request.

    values: the parameters of the request. wrong_secret: called with the client id at each wrong secret; gives the
    seconds to wait if there were too many. A right secret is never refused for the wrong ones of others: with 256
    random bits nobody guesses it, and a lock would only let strangers keep our own services out.
    """

    def __init__(
        self,
        session: Session,
        keyring: Keyring,
        issuer: str,
        values: MultiDict[str, str],
        wrong_secret: Callable[[str], int | None] | None = None,
    ) -> None:
        super().__init__()
        self.session, self.issuer = session, issuer
        self._values, self._wrong_secret = values, wrong_secret
        key = current_token_key(session, keyring)
        self.register_token_generator("default", _AccessTokens(issuer, key))
        self.register_grant(ClientCredentialsGrant)
        self.register_grant(AuthorizationCodeGrant, [RequiredCodeChallenge(), IdentityToken(issuer, key)])

    def create_oauth2_request(self, request: Any) -> OAuth2Request:
        """The present request, as the endpoint reads it."""
        return request if isinstance(request, OAuth2Request) else _Request(self._values)

    def query_client(self, client_id: str) -> RegisteredClient | None:
        """A client that may be used."""
        row = find_client(self.session, client_id)
        return RegisteredClient(row) if row is not None else None

    def authenticate_client(self, request: Any, methods: Sequence[str], endpoint: str = "token") -> RegisteredClient:
        """The client that asks; raises WrongClient, or SlowDown after too many wrong secrets."""
        try:
            client: RegisteredClient = super().authenticate_client(request, methods, endpoint)
        except InvalidClientError as error:
            basic = flask_request.authorization
            claimed = (basic.username if basic else None) or request.payload.client_id or ""
            wait = self._wrong_secret(claimed) if self._wrong_secret and claimed else None
            raise (SlowDown(wait) if wait else WrongClient()) from error
        note_use(client.row)
        return client

    def save_token(self, token: dict[str, Any], request: Any) -> None:
        """Tokens prove themselves; none is kept."""
