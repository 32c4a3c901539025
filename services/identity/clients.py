"""Calls to the other services."""

import base64
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import structlog

from shared.settings import CommonSettings
from shared.web.services_http import CallFailed, ServiceClient, ServiceUnavailable

GLANCE = (0.5, 0.9)
"""Seconds to connect and to wait for an answer that a page can do without."""

log = structlog.get_logger(__name__)


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


class Glance:
    """What pages show of the other services, if they answer at once: one try, a short time."""

    def __init__(self, http: ServiceClient) -> None:
        self._http = http

    def list_attention(self, service: str) -> list[dict[str, Any]]:
        """What needs attention in a service."""
        return list(self._http.get(service, "/attention")["items"])

    def list_letters(self, party_id: uuid.UUID, limit: int) -> list[dict[str, Any]]:
        """The newest letters of a party."""
        return list(self._http.get("mailer", "/letters", party_id=party_id, limit=limit)["items"])

    def list_changes(self, party_id: uuid.UUID, limit: int) -> list[dict[str, Any]]:
        """The newest changes of a party in the directory; none if the directory does not know it."""
        try:
            return list(self._http.get("directory", f"/parties/{party_id}/changes", limit=limit)["items"])
        except CallFailed as failed:
            if failed.status == 404:
                return []
            raise


class Clients:
    """The services that identity calls; one for each process."""

    def __init__(self, settings: CommonSettings) -> None:
        http = ServiceClient(settings, "identity")
        self.directory, self.mailer = Directory(http), Mailer(http)
        self.glance = Glance(ServiceClient(settings, "identity", timeout=GLANCE, attempts=1))


def ask_all(calls: Mapping[str, Callable[[], list[dict[str, Any]]]]) -> dict[str, list[dict[str, Any]] | None]:
    """Make calls at the same time; None for those that got no answer, or a refusal.

    Threads see what this one sees: who is at the page, its language, and what the call belongs to.
    """
    with ThreadPoolExecutor(max_workers=len(calls), thread_name_prefix="glance") as pool:
        running = {name: pool.submit(copy_context().run, _answer, name, call) for name, call in calls.items()}
        return {name: one.result() for name, one in running.items()}


def _answer(name: str, call: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]] | None:
    try:
        return call()
    except (ServiceUnavailable, CallFailed, KeyError, TypeError) as error:
        log.warning("no_glance", of=name, error=type(error).__name__)
        return None
