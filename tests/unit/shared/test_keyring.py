"""Secrets outside the database: made once, private, and different for each purpose."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from nacl.exceptions import CryptoError

from shared.keyring import Keyring, read_secret


def test_a_missing_secret_is_made_once_however_many_ask_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: read_secret(tmp_path, "mailer.key"), range(32)))
    assert len(found) == 1
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["mailer.key"]


def test_only_the_owner_can_read_a_secret(tmp_path: Path) -> None:
    read_secret(tmp_path, "mailer.key")
    assert stat.S_IMODE((tmp_path / "secrets" / "mailer.key").stat().st_mode) == 0o600


def test_what_is_encrypted_comes_back_and_another_service_cannot_read_it(tmp_path: Path) -> None:
    cipher = Keyring(tmp_path, "mailer").encrypt(b"a private key")
    assert b"private" not in cipher
    assert Keyring(tmp_path, "mailer").decrypt(cipher) == b"a private key"
    with pytest.raises(CryptoError):
        Keyring(tmp_path, "portal").decrypt(cipher)


def test_each_purpose_has_its_own_key(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path, "portal")
    assert keyring.derive("cookies") != keyring.derive("database")
    assert keyring.derive("cookies") == Keyring(tmp_path, "portal").derive("cookies")
