"""Setting up a second factor, checking its codes, removing it.

Everything that counts is one conditional update: of two uses of one code at the same moment exactly one succeeds.
"""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.identity.actions.issuing import digest_of, make_token
from services.identity.actions.throttling import Counted, count_attempt, forgive_attempt
from services.identity.models.second_factor import CodeProof, RecoveryCode, SecondFactor
from services.identity.queries.second_factor import Owner, find_factor, find_proof, has_factor
from services.identity.rules.logins import network_of, throttle_key
from services.identity.rules.passwords import in_groups
from services.identity.rules.policy import Policy
from services.identity.rules.second_factor import (
    ENROLMENT_LASTS,
    PARTY,
    PROOF_LASTS,
    as_code,
    as_recovery_code,
    hash_recovery_code,
    make_recovery_codes,
    matching_step,
    new_secret,
)
from shared import clock
from shared.audit import record_act
from shared.keyring import Keyring

PURPOSE = "second factor"
"""Of the key with which secrets are encrypted and recovery codes are hashed."""


class FactorExists(Exception):
    """There is a second factor already: it has to be removed before another one is set up."""


class NoFactor(Exception):
    """There is no second factor."""


class NothingBegun(Exception):
    """No secret waits to be confirmed, or it waited for too long: begin again."""


class WrongCode(Exception):
    """The code is not the present one, or was used already."""


def begin_enrolment(session: Session, owner: Owner, keyring: Keyring) -> str:
    """The secret for the phone; the one shown before, if that was a moment ago. Counts for nothing until confirmed.

    Raises FactorExists.
    """
    found = find_factor(session, owner)
    if found is not None and found.enabled_at is not None:
        raise FactorExists
    if found is not None and (waiting := _waiting_secret(found, keyring)):
        return waiting
    secret = new_secret()
    values = {"secret": keyring.encrypt(secret.encode(), PURPOSE), "begun_at": clock.now(), "last_step": None}
    if found is None:
        try:
            with session.begin_nested():
                session.add(SecondFactor(owner_kind=owner.kind, owner_id=owner.id, enabled_at=None, **values))
        except IntegrityError:  # pressed twice: the first one's secret is the one
            return waiting_secret(session, owner, keyring) or secret
        return secret
    replaced = update(SecondFactor).where(*_is(owner), SecondFactor.enabled_at.is_(None))
    if not _changed(session, replaced.values(values)):
        raise FactorExists
    return secret


def waiting_secret(session: Session, owner: Owner, keyring: Keyring) -> str | None:
    """The secret that was shown and not confirmed yet."""
    found = find_factor(session, owner)
    return _waiting_secret(found, keyring) if found else None


def confirm_enrolment(session: Session, owner: Owner, code: str, keyring: Keyring) -> list[str]:
    """The phone shows the right code: from now on it is asked for. Returns the recovery codes, which are shown once.

    Raises NothingBegun, WrongCode.
    """
    found = find_factor(session, owner)
    secret = _waiting_secret(found, keyring) if found else None
    if found is None or secret is None:
        raise NothingBegun
    typed = as_code(code)
    step = matching_step(secret, typed, clock.now()) if typed else None
    if step is None:
        raise WrongCode
    moment = clock.now()
    begun = (SecondFactor.enabled_at.is_(None), SecondFactor.secret == found.secret)
    if not _changed(session, update(SecondFactor).where(*_is(owner), *begun).values(enabled_at=moment, last_step=step)):
        raise NothingBegun
    _record(session, "second_factor.enabled", owner)
    return _new_recovery_codes(session, owner, keyring)


def renew_recovery_codes(session: Session, owner: Owner, keyring: Keyring) -> list[str]:
    """Fresh recovery codes, shown once; the former ones are worth nothing. Raises NoFactor."""
    if not has_factor(session, owner):
        raise NoFactor
    codes = _new_recovery_codes(session, owner, keyring)
    _record(session, "recovery_codes.renewed", owner)
    return codes


def remove_factor(session: Session, owner: Owner) -> bool:
    """From now on the password alone opens. False if there was no second factor."""
    removed = update(SecondFactor).where(*_is(owner), SecondFactor.enabled_at.is_not(None))
    if not _changed(session, removed.values(enabled_at=None, secret=None, last_step=None)):
        return False
    _forget_recovery_codes(session, owner)
    _record(session, "second_factor.removed", owner)
    return True


def use_code(session: Session, owner: Owner, text: str, keyring: Keyring) -> bool:
    """Whether this is the phone's code, or a recovery code; it is used up by being right."""
    if (code := as_code(text)) is not None:
        return _use_phone_code(session, owner, code, keyring)
    recovery = as_recovery_code(text)
    return recovery is not None and has_factor(session, owner) and _use_recovery_code(session, owner, recovery, keyring)


def attempt_of_code(owner: Owner, address: str | None, policy: Policy) -> list[Counted]:
    """What trying a code counts against: an own counter, which a right password does not clear."""
    counted: list[Counted] = [(policy.account_limit, throttle_key("code", str(owner)))]
    if address:
        counted.append((policy.address_limit, throttle_key("address", network_of(address))))
    return counted


def try_code(session: Session, owner: Owner, text: str, keyring: Keyring, counted: list[Counted]) -> bool:
    """Count the attempt, then check. Raises Throttled."""
    count_attempt(session, counted)
    if not use_code(session, owner, text, keyring):
        return False
    forgive_attempt(session, counted[0], counted[1:])
    return True


def make_proof(session: Session, party_id: uuid.UUID, credential_id: uuid.UUID) -> str:
    """The token with which a client whose password was right may give the code within PROOF_LASTS."""
    token = make_token()
    session.add(
        CodeProof(
            token_sha256=digest_of(token),
            party_id=party_id,
            credential_id=credential_id,
            expires_at=clock.now() + PROOF_LASTS,
        )
    )
    return token


def find_open_proof(session: Session, token: str, party_id: uuid.UUID) -> CodeProof | None:
    """The proof of a token, if it is this party's and may still be used."""
    found = find_proof(session, digest_of(token))
    if found is None or found.used_at or found.party_id != party_id or found.expires_at <= clock.now():
        return None
    return found


def use_proof(session: Session, proof: CodeProof) -> bool:
    """Use a proof up; False if somebody was faster."""
    unused = update(CodeProof).where(CodeProof.token_sha256 == proof.token_sha256, CodeProof.used_at.is_(None))
    return _changed(session, unused.values(used_at=clock.now()))


def _use_phone_code(session: Session, owner: Owner, code: str, keyring: Keyring) -> bool:
    found = find_factor(session, owner)
    if found is None or found.enabled_at is None or found.secret is None:
        return False
    step = matching_step(_open(found.secret, keyring), code, clock.now())
    if step is None:
        return False
    newer = or_(SecondFactor.last_step.is_(None), SecondFactor.last_step < step)
    mark = update(SecondFactor).where(*_is(owner), SecondFactor.secret == found.secret, newer)
    return _changed(session, mark.values(last_step=step))


def _use_recovery_code(session: Session, owner: Owner, code: str, keyring: Keyring) -> bool:
    hashed = hash_recovery_code(code, str(owner), keyring.derive(PURPOSE))
    unused = update(RecoveryCode).where(RecoveryCode.code_hash == hashed, RecoveryCode.used_at.is_(None))
    return _changed(session, unused.values(used_at=clock.now()))


def _new_recovery_codes(session: Session, owner: Owner, keyring: Keyring) -> list[str]:
    # The row of the second factor is held, so that of two renewals at once only one set of codes remains.
    session.execute(update(SecondFactor).where(*_is(owner)).values(begun_at=SecondFactor.begun_at))
    _forget_recovery_codes(session, owner)
    codes, key = make_recovery_codes(), keyring.derive(PURPOSE)
    rows: list[dict[str, Any]] = [
        {"code_hash": hash_recovery_code(one, str(owner), key), "owner_kind": owner.kind, "owner_id": owner.id}
        for one in codes
    ]
    session.execute(insert(RecoveryCode), rows)
    return [in_groups(one) for one in codes]


def _forget_recovery_codes(session: Session, owner: Owner) -> None:
    session.execute(
        delete(RecoveryCode).where(RecoveryCode.owner_kind == owner.kind, RecoveryCode.owner_id == owner.id)
    )


def _waiting_secret(found: SecondFactor, keyring: Keyring) -> str | None:
    if found.secret is None or found.enabled_at is not None or _is_old(found.begun_at):
        return None
    return _open(found.secret, keyring)


def _is_old(begun_at: datetime) -> bool:
    return begun_at + ENROLMENT_LASTS <= clock.now()


def _open(sealed: bytes, keyring: Keyring) -> str:
    return keyring.decrypt(sealed, PURPOSE).decode()


def _is(owner: Owner) -> tuple[Any, ...]:
    return SecondFactor.owner_kind == owner.kind, SecondFactor.owner_id == owner.id


def _changed(session: Session, statement: Any) -> bool:
    result = session.execute(statement.execution_options(synchronize_session=False))
    return int(getattr(result, "rowcount", 0)) == 1


def _record(session: Session, act: str, owner: Owner) -> None:
    party_id = owner.id if owner.kind == PARTY else None
    record_act(session, "identity", act, subject=owner.kind, subject_id=owner.id, party_id=party_id)
