"""Calls out: identity checks, changes and recovers passwords; the directory tells of a party not yet heard of."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.web.services_http import CallFailed, ServiceClient


class TooManyAttempts(Exception):
    """Identity asks to wait. `seconds` is how long, None if it did not say."""

    def __init__(self, seconds: int | None) -> None:
        super().__init__("too many attempts")
        self.seconds = seconds


class LinkGone(Exception):
    """A link was used, replaced or has expired."""


class AccessChanged(Exception):
    """The credential ended while its owner was using it: signing in again shows what is the case now."""


class PasswordRefused(Exception):
    """Identity does not take a password; `problems` maps the field to its texts, in the reader's language."""

    def __init__(self, problems: dict[str, list[str]]) -> None:
        super().__init__("password refused")
        self.problems = problems


@dataclass(frozen=True)
class Verified:
    """Whose password it was, and which of the party's credentials."""

    party_id: uuid.UUID
    credential_id: uuid.UUID
    must_change: bool = False


@dataclass(frozen=True)
class Identity:
    """Identity over HTTP. Every method raises ServiceUnavailable; those that guess can raise TooManyAttempts."""

    calls: ServiceClient

    def verify(self, login: str, password: str, address: str) -> Verified | None:
        """Whose login and password these are; None if they are wrong, for whatever reason."""
        try:
            answer = self._post("/credentials/verify", {"login": login, "password": password, "address": address})
        except PasswordRefused:  # what nobody's login or password can look like is as wrong as any other
            return None
        if not answer.get("valid"):
            return None
        return Verified(
            uuid.UUID(answer["subject"]), uuid.UUID(answer["credential_id"]), bool(answer.get("must_change"))
        )

    def change_password(self, party_id: uuid.UUID, current: str, new: str, address: str) -> uuid.UUID:
        """Change a password; returns the id of the new credential. Raises PasswordRefused, AccessChanged."""
        body = {"party_id": str(party_id), "current_password": current, "new_password": new, "address": address}
        return uuid.UUID(self._post("/passwords", body)["credential_id"])

    def request_recovery(self, login: str, address: str) -> None:
        """Ask for a letter with a link; nobody learns whether there is such a login."""
        self._post("/recoveries", {"login": login, "address": address})

    def is_link_valid(self, token: str) -> bool:
        """Whether a link's token can still be used. Uses nothing up."""
        try:
            return bool(self._post("/recoveries/check", {"token": token}).get("valid"))
        except LinkGone:
            return False

    def complete_recovery(self, token: str, new: str) -> Verified:
        """Set a password with a link's token. Raises LinkGone, PasswordRefused."""
        answer = self._post("/recoveries/complete", {"token": token, "new_password": new})
        return Verified(uuid.UUID(answer["subject"]), uuid.UUID(answer["credential_id"]))

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] | None = self.calls.post("identity", path, body)
        except CallFailed as error:
            raise _translate(error) from error
        return answer or {}


def _translate(error: CallFailed) -> Exception:
    if error.status == 429:
        return TooManyAttempts(error.retry_after)
    if error.status in (404, 410):
        return LinkGone()
    if error.status == 409:
        return AccessChanged()
    if error.status == 422:
        problems: dict[str, list[str]] = {}
        for entry in error.problem.get("errors", ()):
            problems.setdefault(str(entry.get("field", "")), []).append(str(entry.get("message", "")))
        return PasswordRefused(problems or {"": [str(error.problem.get("detail", ""))]})
    return error


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
