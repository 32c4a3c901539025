"""Our rows in the shape in which Authlib wants to see them."""

from typing import Any

from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oidc.core import AuthorizationCodeMixin

from services.identity.actions.clients import is_secret_of
from services.identity.models.oauth import AuthorizationCode, OAuthClient
from services.identity.queries.staff import SignedIn
from services.identity.rules.scopes import OPENID_SCOPES

CLIENT_CREDENTIALS, AUTHORIZATION_CODE = "client_credentials", "authorization_code"
AUTH_METHODS = ("client_secret_basic", "client_secret_post")


class RegisteredClient(ClientMixin):
    """A client of the table."""

    def __init__(self, row: OAuthClient) -> None:
        self.row = row
        self.client_id = row.client_id

    def get_client_id(self) -> str:
        """Its identifier."""
        return self.client_id

    def get_default_redirect_uri(self) -> str | None:
        """The only one there is, if the request names none."""
        return self.row.redirect_uris[0] if len(self.row.redirect_uris) == 1 else None

    def get_allowed_scope(self, scope: str | None) -> str:
        """What remains of the wish: OpenID Connect says that unknown scopes are ignored."""
        allowed = {*self.row.scopes, *(OPENID_SCOPES if self.row.redirect_uris else ())}
        return " ".join(item for item in (scope or "").split() if item in allowed)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Exactly as registered, letter by letter."""
        return redirect_uri in self.row.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        """Whether it is the secret."""
        return is_secret_of(self.row, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002 - Authlib's signature
        """Every client has a secret."""
        return method in AUTH_METHODS

    def check_response_type(self, response_type: str) -> bool:
        """The code flow, for those who have somewhere to receive the code."""
        return response_type == "code" and bool(self.row.redirect_uris)

    def check_grant_type(self, grant_type: str) -> bool:
        """By what the client was registered for."""
        if grant_type == CLIENT_CREDENTIALS:
            return bool(self.row.scopes)
        return grant_type == AUTHORIZATION_CODE and bool(self.row.redirect_uris)


class Subject:
    """A member of the staff who is signed in at identity."""

    def __init__(self, signed_in: SignedIn) -> None:
        self.member, self.session = signed_in.member, signed_in.session
        self.code: AuthorizationCode | None = None

    def get_user_id(self) -> str:
        """The `sub` of tokens."""
        return str(self.member.id)

    def claims(self, scope: str) -> dict[str, Any]:
        """What a client may know within a scope."""
        granted, member = scope.split(), self.member
        claims: dict[str, Any] = {"sub": self.get_user_id()}
        if "profile" in granted:
            claims |= {"name": member.name, "preferred_username": member.username, "roles": [member.role]}
            if member.language:
                claims["locale"] = member.language
        if "email" in granted and member.email:
            # Nobody proved that the address is theirs: an administrator wrote it down.
            claims |= {"email": member.email, "email_verified": False}
        return claims

    def authentication(self) -> dict[str, Any]:
        """How the person signed in (`amr` of RFC 8176, `acr` after the levels of NIST SP 800-63)."""
        if self.session.second_factor:
            return {"amr": ["pwd", "otp", "mfa"], "acr": "aal2"}
        return {"amr": ["pwd"], "acr": "aal1"}


class IssuedCode(AuthorizationCodeMixin):
    """An authorization code that was just used."""

    code_challenge_method = "S256"

    def __init__(self, row: AuthorizationCode, auth_time: int) -> None:
        self.row, self._auth_time = row, auth_time
        self.code_challenge = row.code_challenge

    def get_redirect_uri(self) -> str:
        """Where the code was sent."""
        return self.row.redirect_uri

    def get_scope(self) -> str:
        """What was granted."""
        return self.row.scope

    def get_nonce(self) -> str | None:
        """The client's nonce."""
        return self.row.nonce

    def get_auth_time(self) -> int:
        """When the person gave the password, in seconds since 1970."""
        return self._auth_time
