"""Keys: our own for which secrets are sealed, and identity's with which they are signed."""

import uuid
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from nacl.public import PrivateKey
from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.mailer.models import Letter, SealingKey, SigningKey
from services.mailer.rules.states import WAITING_STATES
from shared import clock
from shared.audit import record_act


class SigningKeyUnknown(Exception):
    """Identity's key is not known here yet: the event is tried again, and meanwhile a job asks identity for it."""


def ensure_sealing_key(session: Session, encrypt: Callable[[bytes], bytes]) -> None:
    """Make the first key pair if there is none. Of two processes that do so at once the first one's counts."""
    if session.scalar(select(SealingKey.id).limit(1)) is None:
        _make_sealing_key(session, 1, encrypt)


def rotate_sealing_key(session: Session, encrypt: Callable[[bytes], bytes]) -> str:
    """Make a new key pair and return its id; identity seals for the newest one as soon as it asks again.

    The former ones stay as long as something sealed for them may be on its way (see `retire_sealing_keys`).
    """
    number = (session.scalar(select(func.max(SealingKey.number))) or 0) + 1
    key_id = _make_sealing_key(session, number, encrypt)
    record_act(session, "mailer", "keys.rotated", subject="sealing key", subject_id=key_id)
    return key_id


def retire_sealing_keys(session: Session, before: datetime) -> list[str]:
    """Destroy the keys that were replaced before a moment, unless a letter that waits is sealed for one; their ids."""
    newest = select(func.max(SealingKey.number)).where(SealingKey.created_at < before).scalar_subquery()
    waiting = select(Letter.id).where(Letter.state.in_(WAITING_STATES), Letter.sealing_key == SealingKey.id)
    old = delete(SealingKey).where(SealingKey.number < newest, ~waiting.exists()).returning(SealingKey.id)
    return list(session.scalars(old.execution_options(synchronize_session=False)))


def _make_sealing_key(session: Session, number: int, encrypt: Callable[[bytes], bytes]) -> str:
    pair = PrivateKey.generate()
    row = {
        "id": f"seal-{uuid.uuid4().hex[:16]}",
        "number": number,
        "public_key": bytes(pair.public_key),
        "private_key": encrypt(bytes(pair)),
        "created_at": clock.now(),
    }
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(dialect.insert(SealingKey).values(row).on_conflict_do_nothing())
    return str(row["id"])


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
