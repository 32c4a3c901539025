"""Opening what identity sealed, at the last moment."""

import threading

from services.mailer.queries import list_sealing_keys
from services.mailer.rules.rendering import LetterImpossible
from shared.db import Database
from shared.keyring import Keyring
from shared.sealing import SealBroken, open_for_address, open_sealed


class SecretOpener:
    """Our private keys, in memory only."""

    def __init__(self, db: Database, keyring: Keyring) -> None:
        self._db, self._keyring = db, keyring
        self._keys: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def open(self, ciphertext: bytes | None, sealing_key: str | None, address: str | None = None) -> str:
        """The secret in clear, "" if there is none; raises LetterImpossible if it was sealed for another or altered.

        `address`: of a notice, whose secret nobody signed: it opens for a letter to this address only.
        """
        if ciphertext is None or sealing_key is None:
            return ""
        key = self._keys.get(sealing_key) or self._load().get(sealing_key)
        if key is None:
            raise LetterImpossible("the secret was sealed for a key that is not known here")
        try:
            return open_sealed(ciphertext, key) if address is None else open_for_address(ciphertext, address, key)
        except SealBroken:
            raise LetterImpossible("the sealed secret can not be opened") from None

    def _load(self) -> dict[str, bytes]:
        with self._lock, self._db.read() as session:
            self._keys = {key.id: self._keyring.decrypt(key.private_key) for key in list_sealing_keys(session)}
            return self._keys
