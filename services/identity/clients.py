"""Calls to the other services."""

import base64
import uuid
from collections.abc import Iterator
from typing import Any

from shared.settings import CommonSettings
from shared.web.services_http import CallFailed, ServiceClient


class Directory:
    """The directory, over HTTP."""

    def __init__(self, http: ServiceClient) -> None:
        self._http = http

    def find_party(self, party_id: uuid.UUID) -> dict[str, Any] | None:
        """The party as the directory shows it, or None. Raises ServiceUnavailable, CallFailed."""
        try:
            found: dict[str, Any] = self._http.get("directory", f"/parties/{party_id}")
        except CallFailed as failed:
            if failed.status == 404:
                return None
            raise
        return found

    def count_parties(self) -> int:
        """How many parties there are, active or not."""
        return int(self._http.get("directory", "/parties/count")["count"])

    def every_party(self) -> Iterator[dict[str, Any]]:
        """Every party, page by page."""
        yield from self._http.every("directory", "/parties", limit=500)


class Mailer:
    """The mailer, over HTTP."""

    def __init__(self, http: ServiceClient) -> None:
        self._http = http

    def newest_sealing_key(self) -> tuple[str, bytes] | None:
        """Id and public key (X25519, 32 bytes) to seal secrets with; None while the mailer has none."""
        items = self._http.get("mailer", "/sealing-keys")["items"]
        return (str(items[0]["id"]), base64.b64decode(items[0]["public_key"], validate=True)) if items else None


class Clients:
    """The services that identity calls; one for each process."""

    def __init__(self, settings: CommonSettings) -> None:
        http = ServiceClient(settings, "identity")
        self.directory, self.mailer = Directory(http), Mailer(http)
