"""Signing keys: made once, never in clear, rotated with an overlap."""

import base64
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from nacl.signing import SigningKey as Ed25519Key
from sqlalchemy import select

from services.identity.actions.keys import current_sealing_signer, current_token_key, forget_keys, rotate_keys
from services.identity.models.keys import SigningKey
from services.identity.rules.keys import OVERLAP, PUBLISHED_AFTER, SEALING, TOKEN, TOKEN_LIFETIME
from shared import clock
from shared.keyring import Keyring
from tests.support.identity import Identity, running_identity
from tests.support.staff import document_of


@pytest.fixture
def identity(database_url: str, tmp_path: Path) -> Iterator[Identity]:
    with running_identity(database_url, tmp_path) as running:
        yield running


@pytest.fixture
def keyring(identity: Identity) -> Keyring:
    return Keyring(identity.settings.data, "identity")


def published(identity: Identity) -> set[str]:
    return {key["kid"] for key in document_of(identity.app, "/.well-known/jwks.json")["keys"]}


def token(identity: Identity) -> str:
    return identity.client()._headers["Authorization"].removeprefix("Bearer ")


def works(identity: Identity, bearer: str) -> bool:
    path = "/api/identity/v1/parties/01890000-0000-7000-8000-000000000000/credentials"
    answer = identity.app.test_client().get(path, headers={"Authorization": f"Bearer {bearer}"})
    return answer.status_code == 200


def test_processes_that_start_at_once_end_up_with_one_key(identity: Identity, keyring: Keyring):
    start, kids, failures = threading.Barrier(6), [], []

    def run() -> None:
        start.wait(10)
        try:
            with identity.db.write() as session:
                kids.append((current_token_key(session, keyring).kid, current_sealing_signer(session, keyring)[0]))
        except Exception as error:  # noqa: BLE001 - told below
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failures
    assert len(kids) == 6
    assert len(set(kids)) == 1


def test_the_signer_of_sealed_secrets_fits_the_published_key(identity: Identity, keyring: Keyring):
    with identity.db.write() as session:
        kid, private = current_sealing_signer(session, keyring)
    assert kid in published(identity)
    (shown,) = [k for k in document_of(identity.app, "/.well-known/jwks.json")["keys"] if k["kid"] == kid]
    assert base64.urlsafe_b64decode(shown["x"] + "=") == bytes(Ed25519Key(private).verify_key)


def test_no_private_key_lies_in_clear(identity: Identity, keyring: Keyring):
    with identity.db.write() as session:
        _, private = current_sealing_signer(session, keyring)
        secret = current_token_key(session, keyring).as_dict(private=True)["d"]
        rows = session.scalars(select(SigningKey)).all()
    for row in rows:
        everything = row.public_key.encode() + row.private_key
        assert str(secret).encode() not in everything
        assert private not in everything
        assert base64.urlsafe_b64encode(private).rstrip(b"=") not in everything


def test_a_new_key_is_published_before_it_signs_and_the_old_one_until_its_tokens_are_over(
    identity: Identity, keyring: Keyring
):
    start = clock.now()
    with time_machine.travel(start, tick=False) as travel:
        with identity.db.write() as session:
            old = str(current_token_key(session, keyring).kid)
        assert works(identity, token(identity))
        with identity.db.write() as session:
            new = next(key.kid for key in rotate_keys(session, keyring) if key.purpose == TOKEN)
        assert {old, new} <= published(identity)
        with identity.db.write() as session:
            assert current_token_key(session, keyring).kid == old

        travel.move_to(start + OVERLAP - timedelta(seconds=1))
        last_of_old = token(identity)
        travel.move_to(start + OVERLAP)
        with identity.db.write() as session:
            assert current_token_key(session, keyring).kid == new
        assert works(identity, token(identity))
        travel.move_to(start + OVERLAP + TOKEN_LIFETIME - timedelta(seconds=10))
        assert works(identity, last_of_old)
        assert old in published(identity)

        travel.move_to(start + OVERLAP + PUBLISHED_AFTER[TOKEN])
        assert old not in published(identity)
        assert new in published(identity)
        with identity.db.write() as session:
            assert forget_keys(session) == 1


def test_a_key_that_signed_secrets_stays_published_for_months(identity: Identity, keyring: Keyring):
    start = clock.now()
    with time_machine.travel(start, tick=False) as travel:
        with identity.db.write() as session:
            old, _ = current_sealing_signer(session, keyring)
            rotate_keys(session, keyring)
        travel.move_to(start + timedelta(days=100))
        with identity.db.write() as session:
            assert current_sealing_signer(session, keyring)[0] != old
        assert old in published(identity)
        travel.move_to(start + OVERLAP + PUBLISHED_AFTER[SEALING])
        assert old not in published(identity)


def test_rotating_twice_in_a_row_makes_one_new_key(identity: Identity, keyring: Keyring):
    with identity.db.write() as session:
        first = [key.kid for key in rotate_keys(session, keyring)]
    with identity.db.write() as session:
        assert [key.kid for key in rotate_keys(session, keyring)] == first


def test_a_running_process_accepts_a_key_that_another_process_made(identity: Identity, keyring: Keyring):
    other = identity.new_app()
    assert works(identity, token(identity))
    start = clock.now()
    with identity.db.write() as session:
        rotate_keys(session, keyring)
    with time_machine.travel(start + OVERLAP + timedelta(seconds=5), tick=False):
        fresh = token(identity)
        answer = other.test_client().get(
            "/api/identity/v1/parties/01890000-0000-7000-8000-000000000000/credentials",
            headers={"Authorization": f"Bearer {fresh}"},
        )
        assert answer.status_code == 200
        assert works(identity, fresh)
