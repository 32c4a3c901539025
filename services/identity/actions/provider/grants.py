"""The two ways to a token: a client for itself, and a member of the staff through a client."""

import secrets
from datetime import timedelta
from typing import Any, cast

from authlib.oauth2.rfc6749 import InvalidRequestError, InvalidScopeError, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from joserfc.jwk import ECKey
from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from services.identity.actions.provider.parties import AUTH_METHODS, IssuedCode, Subject
from services.identity.models.oauth import AuthorizationCode
from services.identity.queries.staff import find_signed_in_by_session, hash_token
from services.identity.rules.keys import TOKEN_LIFETIME
from services.identity.rules.scopes import OPENID_SCOPES
from shared.clock import now

CODE_LIFETIME = timedelta(minutes=1)


class ClientCredentialsGrant(grants.ClientCredentialsGrant):
    """Another system acts for itself; without a wish it gets every scope that it was registered with."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS

    def validate_requested_scope(self) -> None:
        """Refuse rather than give less than was asked for, which would fail later and far from its cause."""
        wanted = (self.request.payload.scope or "").split()
        if lacking := [scope for scope in wanted if scope not in self.client.row.scopes]:
            raise InvalidScopeError(f"The client does not have the scope {' '.join(lacking)}")

    def generate_token(self, scope: str | None = None, **options: Any) -> dict[str, Any]:
        """The token, with all of the client's scopes if none was named."""
        return cast(dict[str, Any], super().generate_token(scope=scope or " ".join(self.client.row.scopes), **options))


class AuthorizationCodeGrant(grants.AuthorizationCodeGrant):
    """A member of the staff signs in at a client."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS

    @property
    def _session(self) -> Session:
        return cast(Session, self.server.session)

    def validate_requested_scope(self) -> None:
        """The code flow exists here only to tell who somebody is."""
        if "openid" not in (self.request.payload.scope or "").split():
            raise InvalidScopeError("The scope must contain openid")

    def generate_authorization_code(self) -> str:
        """256 random bits."""
        return secrets.token_urlsafe(32)

    def save_authorization_code(self, code: str, request: Any) -> None:
        """Keep a digest of the code and what it is bound to."""
        moment = now()
        self._session.add(
            AuthorizationCode(
                code_hash=hash_token(code),
                client_id=request.client.client_id,
                session_id=request.user.session.id,
                redirect_uri=self.validate_authorization_redirect_uri(request, request.client),
                # Never the client's own scopes: those it has for itself, not through a person.
                scope=" ".join(item for item in request.scope.split() if item in OPENID_SCOPES),
                nonce=request.payload.data.get("nonce"),
                code_challenge=request.payload.data["code_challenge"],
                created_at=moment,
                expires_at=moment + CODE_LIFETIME,
            )
        )

    def query_authorization_code(self, code: str, client: Any) -> IssuedCode | None:
        """Use the code up, whatever comes of it: there is one attempt. A second one undoes the first."""
        mine = (AuthorizationCode.code_hash == hash_token(code), AuthorizationCode.client_id == client.client_id)
        unused = (AuthorizationCode.used_at.is_(None), AuthorizationCode.expires_at > now())
        # One conditional update: of two requests at the same moment only one gets a row.
        used = self._session.execute(update(AuthorizationCode).where(*mine, *unused).values(used_at=now()))
        row = self._session.scalar(select(AuthorizationCode).where(*mine))
        if row is None:
            return None
        if cast(CursorResult[Any], used).rowcount != 1:
            row.replayed_at = row.replayed_at or (now() if row.used_at else None)
            return None
        signed_in = find_signed_in_by_session(self._session, row.session_id)
        return IssuedCode(row, int(signed_in.session.started_at.timestamp()) if signed_in else 0)

    def delete_authorization_code(self, authorization_code: Any) -> None:
        """It stays, marked as used, so that a second attempt is recognised; old ones are swept."""

    def authenticate_user(self, authorization_code: IssuedCode) -> Subject | None:
        """The person, if still active and signed in."""
        signed_in = find_signed_in_by_session(self._session, authorization_code.row.session_id)
        if signed_in is None:
            return None
        subject = Subject(signed_in)
        subject.code = authorization_code.row
        return subject


class RequiredCodeChallenge(CodeChallenge):
    """PKCE with S256, for every client (RFC 9700)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """Refuse requests without a challenge, which Authlib would let through for clients with a secret."""
        data = grant.request.payload.data
        if not data.get("code_challenge"):
            raise InvalidRequestError("Missing 'code_challenge'")
        if data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("The 'code_challenge_method' must be S256")
        super().validate_code_challenge(grant, redirect_uri)


class IdentityToken(OpenIDCode):
    """The id token of OpenID Connect."""

    def __init__(self, issuer: str, key: ECKey) -> None:
        super().__init__(require_nonce=False)
        self._issuer, self._key = issuer, key

    def exists_nonce(self, nonce: str, request: Any) -> bool:  # noqa: ARG002 - Authlib's signature
        """The client compares the nonce; codes are single-use and bound by PKCE, so nothing is gained by a list."""
        return False

    def resolve_client_private_key(self, client: Any) -> ECKey:  # noqa: ARG002
        """The key that signs."""
        return self._key

    def get_client_algorithm(self, client: Any) -> str:  # noqa: ARG002
        """The same for all."""
        return "ES256"

    def get_encode_header(self, client: Any) -> dict[str, str]:  # noqa: ARG002
        """With the key's id."""
        return {"alg": "ES256", "kid": str(self._key.kid)}

    def get_client_claims(self, client: Any) -> dict[str, Any]:
        """Issuer, audience and times."""
        issued = int(now().timestamp())
        lifetime = int(TOKEN_LIFETIME.total_seconds())
        return {"iss": self._issuer, "aud": client.client_id, "iat": issued, "exp": issued + lifetime}

    def generate_user_info(self, user: Subject, scope: str) -> dict[str, Any]:
        """Who it is, and how they signed in."""
        return user.claims(scope) | user.authentication()
