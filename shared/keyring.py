"""Secrets that a service keeps outside its database: small files below `PORTERIA_DATA/secrets`.

`<service>.key` encrypts the private keys in that service's database and signs its cookies; `<service>.client` is the
password with which the service asks identity for tokens. A missing one is made at first use, readable by its owner
only. In a container they are mounted as secrets in the same place.
"""

import os
import secrets
from hashlib import blake2b
from pathlib import Path

from nacl.secret import SecretBox


def read_secret(data: Path, name: str) -> str:
    """The secret `name` (64 hex digits), made on first use. Safe against two processes that start at once."""
    folder = data / "secrets"
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _create(path, secrets.token_hex(32))
    return path.read_text("ascii").strip()


def _create(path: Path, text: str) -> None:
    """Write a whole file and link it into place, so that nobody ever reads half of it and the first one wins."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


class Keyring:
    """The secrets of one service."""

    def __init__(self, data: Path, service: str) -> None:
        self._data, self._service = data, service

    def client_secret(self, service: str | None = None) -> str:
        """The OAuth2 client secret of this service (identity reads those of the others to know them)."""
        return read_secret(self._data, f"{service or self._service}.client")

    def derive(self, purpose: str) -> bytes:
        """32 bytes that only this service can compute, different for each purpose (cookies, sealing at rest, …)."""
        key = bytes.fromhex(read_secret(self._data, f"{self._service}.key"))
        return blake2b(purpose.encode(), key=key, digest_size=32).digest()

    def encrypt(self, plain: bytes, purpose: str = "database") -> bytes:
        """Encrypt what must not lie in clear in the service's own database (authenticated, random nonce)."""
        return bytes(SecretBox(self.derive(purpose)).encrypt(plain))

    def decrypt(self, cipher: bytes, purpose: str = "database") -> bytes:
        """Undo `encrypt`; raises nacl.exceptions.CryptoError if it was made with another key or altered."""
        return bytes(SecretBox(self.derive(purpose)).decrypt(cipher))
