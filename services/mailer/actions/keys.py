"""Keys: our own for which secrets are sealed, and identity's with which they are signed."""

import uuid
from collections.abc import Callable, Collection, Mapping

from nacl.public import PrivateKey
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.mailer.models import SealingKey, SigningKey
from shared import clock


class SigningKeyUnknown(Exception):
    """Identity's key is not known here yet: the event is tried again, and meanwhile a job asks identity for it."""


def ensure_sealing_key(session: Session, encrypt: Callable[[bytes], bytes]) -> None:
    """Make the first key pair if there is none. Of two processes that do so at once the first one's counts."""
    if session.scalar(select(SealingKey.id).limit(1)) is not None:
        return
    pair = PrivateKey.generate()
    row = {
        "id": f"seal-{uuid.uuid4().hex[:16]}",
        "number": 1,
        "public_key": bytes(pair.public_key),
        "private_key": encrypt(bytes(pair)),
        "created_at": clock.now(),
    }
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(dialect.insert(SealingKey).values(row).on_conflict_do_nothing())


def remember_signing_keys(session: Session, keys: Mapping[str, bytes], missing: Collection[str]) -> None:
    """Keep identity's public keys as just fetched, and which key ids it does not know."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    now = clock.now()
    rows = [{"kid": kid, "public_key": key, "seen_at": now} for kid, key in keys.items()]
    rows += [{"kid": kid, "public_key": None, "seen_at": now} for kid in missing if kid not in keys]
    for row in rows:
        insert = dialect.insert(SigningKey).values(row)
        session.execute(
            insert.on_conflict_do_update(
                index_elements=["kid"],
                set_={"public_key": insert.excluded.public_key, "seen_at": insert.excluded.seen_at},
                # A key that was known is not forgotten: letters signed with it may still be on their way.
                where=SigningKey.public_key.is_(None),
            )
        )
