"""The directory over HTTP."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.web.services_http import CallFailed, ServiceClient


class PartyRefused(Exception):
    """The directory does not take a change: its texts by field, such as `phones` or `address.city`."""

    def __init__(self, problems: Mapping[str, list[str]]) -> None:
        super().__init__("; ".join(text for texts in problems.values() for text in texts))
        self.problems = problems


class PartyChangedMeanwhile(Exception):
    """Somebody else changed the party since it was read."""


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

    def change_party(self, party_id: uuid.UUID, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change a party; returns it as it is then. With its `version` among the changes, only if it still has that.

        Raises PartyRefused, PartyChangedMeanwhile, ServiceUnavailable.
        """
        try:
            changed: dict[str, Any] = self.calls.patch("directory", f"/parties/{party_id}", dict(changes))
        except CallFailed as error:
            if error.status == 409:
                raise PartyChangedMeanwhile from error
            if error.status == 422:
                raise PartyRefused(_problems(error)) from error
            raise
        return changed

    def every_party(self) -> Iterator[dict[str, Any]]:
        """Every party, active or not, to rebuild the copy."""
        return self.calls.every("directory", "/parties", limit=500)


def _problems(error: CallFailed) -> dict[str, list[str]]:
    problems: dict[str, list[str]] = {}
    for entry in error.problem.get("errors", ()):
        problems.setdefault(str(entry.get("field", "")), []).append(str(entry.get("message", "")))
    return problems or {"": [str(error.problem.get("detail", ""))]}
