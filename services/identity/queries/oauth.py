"""Reads of OAuth2 clients, codes and consents."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.identity.models.oauth import AuthorizationCode, Consent, OAuthClient


def find_client(session: Session, client_id: str) -> OAuthClient | None:
    """A client that may be used, that is, one that is not disabled."""
    client = session.get(OAuthClient, client_id)
    return client if client is not None and client.disabled_at is None else None


def find_any_client(session: Session, client_id: str) -> OAuthClient | None:
    """A client, disabled or not."""
    return session.get(OAuthClient, client_id)


def list_clients(session: Session) -> list[OAuthClient]:
    """All clients by name, our own first."""
    return list(session.scalars(select(OAuthClient).order_by(OAuthClient.first_party.desc(), OAuthClient.name)))


def find_code(session: Session, code_id: str) -> AuthorizationCode | None:
    """The authorization code for which a token was issued; its id is the token's `jti`."""
    try:
        return session.get(AuthorizationCode, uuid.UUID(code_id))
    except ValueError:
        return None


def has_consented(session: Session, staff_id: uuid.UUID, client_id: str, scope: str) -> bool:
    """Whether a person has let a client know at least what `scope` says."""
    consent = session.get(Consent, (staff_id, client_id))
    return consent is not None and set(scope.split()) <= set(consent.scope.split())
