"""The directory over HTTP."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.web.services_http import CallFailed, ServiceClient


@dataclass(frozen=True)
class Directory:
    """The directory over HTTP."""

    calls: ServiceClient

    def find_party(self, party_id: uuid.UUID) -> dict[str, Any] | None:
        """A party as REST shows it, None if there is none. Raises ServiceUnavailable."""
        try:
            found: dict[str, Any] = self.calls.get("directory", f"/parties/{party_id}")
        except CallFailed as error:
            if error.status == 404:
                return None
            raise
        return found

    def every_party(self) -> Iterator[dict[str, Any]]:
        """Every party, active or not, to rebuild the copy."""
        return self.calls.every("directory", "/parties", limit=500)
