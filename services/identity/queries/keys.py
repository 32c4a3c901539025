"""Reads of the signing keys."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.identity.models.keys import SigningKey
from services.identity.rules.keys import is_published, signs
from shared.clock import now


def list_keys(session: Session, purpose: str) -> list[SigningKey]:
    """All keys of a purpose that are kept, newest first."""
    query = select(SigningKey).where(SigningKey.purpose == purpose).order_by(SigningKey.number.desc())
    return list(session.scalars(query))


def find_current_key(session: Session, purpose: str) -> SigningKey | None:
    """The key that signs now."""
    moment = now()
    return next((key for key in list_keys(session, purpose) if signs(key.active_from, key.retired_at, moment)), None)


def list_published_keys(session: Session) -> list[SigningKey]:
    """What the key set at /.well-known/jwks.json holds, newest first."""
    moment = now()
    query = select(SigningKey).order_by(SigningKey.purpose.desc(), SigningKey.number.desc())
    return [key for key in session.scalars(query) if is_published(key.retired_at, key.purpose, moment)]
