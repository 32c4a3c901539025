"""Identity over HTTP: passwords, codes and links of clients, the people they let in, and who did what."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.i18n import force_locale
from shared.web.paging import BadCursor, Page
from shared.web.services_http import CallFailed, ServiceClient


class TooManyAttempts(Exception):
    """Identity asks to wait. `seconds` is how long, None if it did not say."""

    def __init__(self, seconds: int | None) -> None:
        super().__init__("too many attempts")
        self.seconds = seconds


class LinkGone(Exception):
    """A link does not work. `reason`: used, expired, replaced (by a newer one, or revoked) or unknown."""

    def __init__(self, reason: str = "unknown") -> None:
        super().__init__(reason)
        self.reason = reason


class ProofExpired(Exception):
    """The password was given too long ago, or its code was given already: the sign-in begins again."""


class AccessChanged(Exception):
    """The credential ended while its owner was using it: signing in again shows what is the case now."""


class PasswordRefused(Exception):
    """Identity does not take a password; `problems` maps the field to its texts, in the reader's language."""

    def __init__(self, problems: dict[str, list[str]]) -> None:
        super().__init__("password refused")
        self.problems = problems


@dataclass(frozen=True)
class Verified:
    """Whose password it was, and which of the party's credentials.

    code_proof: not empty while the code of the second factor is still missing; what goes with it to `verify_code`.
    guest: it is no party but somebody whom clients let in; then `party_id` is a guest's id.
    """

    party_id: uuid.UUID
    credential_id: uuid.UUID
    must_change: bool = False
    code_proof: str = ""
    guest: bool = False


@dataclass(frozen=True)
class Factor:
    """A client's second factor: whether a code is asked for, since when, and how many recovery codes are left."""

    enabled: bool
    enabled_at: datetime | None
    recovery_codes: int


@dataclass(frozen=True)
class Guest:
    """Who signs in with an address (None: nobody), and whether some password lets them in now."""

    subject: uuid.UUID | None
    has_access: bool


@dataclass(frozen=True)
class MadeGuest:
    """Who signs in with an address now. Not `created`: they had access before, nothing changed, no credential is
    named."""

    subject: uuid.UUID
    credential_id: uuid.UUID | None
    created: bool


@dataclass(frozen=True)
class ActTold:
    """One entry of the audit trail in words. `details`: pairs of label and value."""

    at: datetime
    act: str
    text: str
    actor_kind: str
    actor_id: str
    actor_name: str
    details: tuple[tuple[str, str], ...] = ()


ActPage = Page[ActTold]
"""Some acts, the newest first; `next` leads further, None at the end."""


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
        proof = str(answer["proof"]) if answer.get("second_factor") else ""
        return _verified(answer, proof)

    def verify_code(self, party_id: uuid.UUID, proof: str, code: str, address: str) -> Verified | None:
        """The second step of a sign-in; None if the code is wrong. Raises ProofExpired."""
        body = {"subject": str(party_id), "proof": proof, "code": code, "address": address}
        try:
            answer = self._post("/credentials/verify-code", body)
        except PasswordRefused:  # what no code can look like
            return None
        if answer.get("expired"):
            raise ProofExpired
        return _verified(answer) if answer.get("valid") else None

    def find_factor(self, party_id: uuid.UUID) -> Factor:
        """Whether there is a second factor."""
        answer = self.calls.get("identity", f"/parties/{party_id}/second-factor")
        since = datetime.fromisoformat(answer["enabled_at"]) if answer["enabled_at"] else None
        return Factor(bool(answer["enabled"]), since, int(answer["recovery_codes"]))

    def begin_factor(self, party_id: uuid.UUID) -> tuple[str, str]:
        """The key for the phone, and the same as an otpauth URI. Raises AccessChanged if there is a factor already."""
        answer = self._post(f"/parties/{party_id}/second-factor", {})
        return str(answer["secret"]), str(answer["uri"])

    def confirm_factor(self, party_id: uuid.UUID, code: str, address: str) -> list[str]:
        """The phone's first code; returns the recovery codes. Raises PasswordRefused, AccessChanged (begin again)."""
        return self._codes(party_id, "confirm", {"code": code, "address": address})

    def renew_recovery_codes(self, party_id: uuid.UUID, proof: str, address: str) -> list[str]:
        """Fresh recovery codes. `proof` is the password or a code. Raises PasswordRefused, AccessChanged."""
        return self._codes(party_id, "recovery-codes", {"proof": proof, "address": address})

    def remove_factor(self, party_id: uuid.UUID, proof: str, address: str) -> None:
        """The password alone opens from now on. `proof` as above. Raises PasswordRefused, AccessChanged."""
        self._post(f"/parties/{party_id}/second-factor/remove", {"proof": proof, "address": address})

    def _codes(self, party_id: uuid.UUID, step: str, body: dict[str, Any]) -> list[str]:
        answer = self._post(f"/parties/{party_id}/second-factor/{step}", body)
        return [str(one) for one in answer["recovery_codes"]]

    def change_password(self, party_id: uuid.UUID, current: str, new: str, address: str) -> uuid.UUID:
        """Change a password; returns the id of the new credential. Raises PasswordRefused, AccessChanged."""
        body = {"party_id": str(party_id), "current_password": current, "new_password": new, "address": address}
        return uuid.UUID(self._post("/passwords", body)["credential_id"])

    def request_recovery(self, login: str, address: str) -> None:
        """Ask for a letter with a link; nobody learns whether there is such a login."""
        self._post("/recoveries", {"login": login, "address": address})

    def check_link(self, token: str) -> None:
        """Raises LinkGone if a link's token cannot be used any more. Uses nothing up."""
        answer = self._post("/recoveries/check", {"token": token})
        if not answer.get("valid"):
            raise LinkGone(str(answer.get("reason", "unknown")))

    def complete_recovery(self, token: str, new: str) -> Verified:
        """Set a password with a link's token. Raises LinkGone, PasswordRefused."""
        answer = self._post("/recoveries/complete", {"token": token, "new_password": new})
        return _verified(answer)

    def find_guest(self, address: str) -> Guest:
        """Who signs in with an e-mail address."""
        answer = self._post("/guests/find", {"address": address})
        return Guest(uuid.UUID(answer["subject"]) if answer["subject"] else None, bool(answer["has_access"]))

    def create_guest(self, address: str, name: str, language: str, password: str, *, initial: bool) -> MadeGuest:
        """Let somebody in who is no party, unless the address has access already.

        `initial`: somebody else typed the password. Raises PasswordRefused, with the texts at `password`.
        """
        body = {"address": address, "name": name, "language": language, "password": password, "initial": initial}
        answer = self._post("/guests", body)
        credential = uuid.UUID(answer["credential_id"]) if answer["credential_id"] else None
        return MadeGuest(uuid.UUID(answer["subject"]), credential, bool(answer["created"]))

    def list_acts(self, party_id: uuid.UUID, cursor: str | None, language: str, *, limit: int = 50) -> ActPage:
        """What was done for a party or in its area, as far as the client may read it, told in a language.

        Raises BadCursor.
        """
        wanted = {"party_id": party_id, "audience": "client", "cursor": cursor, "limit": limit}
        try:
            with force_locale(language):  # the call says in which language it wants its answer
                answer = self.calls.get("identity", "/acts", **wanted)
        except CallFailed as error:
            if error.status == 400 and cursor:
                raise BadCursor from error
            raise
        return ActPage([_act(one) for one in answer["items"]], answer["next"])

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] | None = self.calls.post("identity", path, body)
        except CallFailed as error:
            raise _translate(error) from error
        return answer or {}


def _verified(answer: dict[str, Any], proof: str = "") -> Verified:
    party_id, credential_id = uuid.UUID(answer["subject"]), uuid.UUID(answer["credential_id"])
    return Verified(party_id, credential_id, bool(answer.get("must_change")), proof, bool(answer.get("guest")))


def _act(item: dict[str, Any]) -> ActTold:
    return ActTold(
        at=datetime.fromisoformat(item["at"]),
        act=item["act"],
        text=item["text"],
        actor_kind=item["actor_kind"],
        actor_id=item["actor_id"],
        actor_name=item["actor_name"],
        details=tuple((one["label"], one["value"]) for one in item["details"]),
    )


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
