"""Make, use, rotate and forget the keys that sign tokens and sealed secrets."""

import base64
import json

import structlog
from joserfc.jwk import ECKey, OKPKey
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.identity.models.keys import SigningKey
from services.identity.queries.keys import find_current_key, list_keys
from services.identity.rules.keys import OVERLAP, PURPOSES, SEALING, TOKEN, is_published
from shared.audit import record_act
from shared.clock import now
from shared.keyring import Keyring

ENCRYPTION = "signing keys"
log = structlog.get_logger(__name__)


def current_token_key(session: Session, keyring: Keyring) -> ECKey:
    """The private ES256 key that signs tokens now; made if there is none (the session must be one that writes)."""
    row = ensure_key(session, keyring, TOKEN)
    return ECKey.import_key(json.loads(keyring.decrypt(row.private_key, ENCRYPTION)))


def current_sealing_signer(session: Session, keyring: Keyring) -> tuple[str, bytes]:
    """`kid` and the 32 private bytes of the Ed25519 key that signs sealed secrets now; made if there is none."""
    row = ensure_key(session, keyring, SEALING)
    private = json.loads(keyring.decrypt(row.private_key, ENCRYPTION))["d"]
    return row.kid, base64.urlsafe_b64decode(private + "=" * (-len(private) % 4))


def ensure_key(session: Session, keyring: Keyring, purpose: str) -> SigningKey:
    """The key that signs now, made at first need. Two processes that start at once end up with the same one."""
    current = find_current_key(session, purpose)
    if current is not None:
        return current
    try:
        with session.begin_nested():
            made = _new_key(keyring, purpose, 1)
            made.active_from = made.created_at
            session.add(made)
    except IntegrityError:
        # Somebody else made it between our look and our insert; on PostgreSQL it is committed, so it can be seen.
        current = find_current_key(session, purpose)
        if current is None:
            raise
        return current
    log.info("signing_key_made", purpose=purpose, kid=made.kid)
    return made


def rotate_keys(session: Session, keyring: Keyring) -> list[SigningKey]:
    """Make the next key of each purpose: published at once, signing after the overlap, when the former one retires.

    A rotation that is already under way is left as it is. Returns the newest key of each purpose.
    """
    newest = []
    for purpose in PURPOSES:
        ensure_key(session, keyring, purpose)
        last = list_keys(session, purpose)[0]
        if last.active_from <= now():
            made = _new_key(keyring, purpose, last.number + 1)
            made.active_from = made.created_at + OVERLAP
            last.retired_at = made.active_from
            session.add(made)
            session.flush()
            log.info("signing_key_made", purpose=purpose, kid=made.kid, active_from=made.active_from.isoformat())
            told = {"purpose": purpose, "active_from": made.active_from.isoformat()}
            record_act(session, "identity", "keys.rotated", subject="key", subject_id=made.kid, details=told)
            last = made
        newest.append(last)
    return newest


def forget_keys(session: Session) -> int:
    """Delete the keys that are no longer published; returns how many."""
    moment = now()
    gone = [
        key
        for purpose in PURPOSES
        for key in list_keys(session, purpose)
        if not is_published(key.retired_at, purpose, moment)
    ]
    for key in gone:
        session.delete(key)
    return len(gone)


def _new_key(keyring: Keyring, purpose: str, number: int) -> SigningKey:
    key = (
        ECKey.generate_key("P-256", private=True) if purpose == TOKEN else OKPKey.generate_key("Ed25519", private=True)
    )
    kid = key.thumbprint()
    shown = {"kid": kid, "use": "sig", "alg": "ES256" if purpose == TOKEN else "EdDSA"}
    return SigningKey(
        kid=kid,
        purpose=purpose,
        number=number,
        public_key=json.dumps(key.as_dict(private=False) | shown),
        private_key=keyring.encrypt(json.dumps(key.as_dict(private=True) | shown).encode(), ENCRYPTION),
        created_at=now(),
    )
