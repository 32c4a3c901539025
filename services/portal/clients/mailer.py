"""The mailer over HTTP."""

import base64
from dataclasses import dataclass

from shared.web.services_http import ServiceClient


@dataclass(frozen=True)
class Mailer:
    """The mailer over HTTP."""

    calls: ServiceClient

    def newest_sealing_key(self) -> tuple[str, bytes]:
        """Id and public key (X25519) to seal with what only a letter may say. Raises ServiceUnavailable."""
        newest = self.calls.get("mailer", "/sealing-keys")["items"][0]
        return str(newest["id"]), base64.b64decode(newest["public_key"], validate=True)
