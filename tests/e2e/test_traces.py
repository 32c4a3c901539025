"""Traces: one piece of work can be followed through all services, and nothing private is in what follows it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.otlp import Collector
from tests.support.people import as_csv, person
from tests.support.system import System
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e

ISSUE = "POST /api/identity/v1/credentials"
EXPECTED = {
    ("porteria-identity", ISSUE),
    ("porteria-identity", "GET directory"),
    ("porteria-directory", "GET /api/directory/v1/parties/<uuid:party_id>"),
    ("porteria-mailer", "process porteria.identity.CredentialIssued.v1"),
    ("porteria-directory", "process porteria.identity.CredentialIssued.v1"),
}


@pytest.fixture
def collector() -> Iterator[Collector]:
    listening = Collector()
    listening.start()
    yield listening
    listening.stop()


def test_a_trace_goes_from_the_request_over_the_bus_to_the_letter(tmp_path: Path, collector: Collector) -> None:
    extra = {"PORTERIA_OTLP_URL": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "200"}
    system = System(tmp_path, extra=extra)
    system.prepare()
    system.start()
    try:
        api = system.client()
        api.import_csv(as_csv([person(1)]))
        (party,) = api.all("directory/v1/parties")
        password = "tres ríos y una montaña"
        order = {"party_id": party["id"], "mode": "manual", "password": password, "delivery": "password"}
        api.post("identity/v1/credentials", order)
        wait_until(
            lambda: collector.trace_of(ISSUE) >= EXPECTED, timeout=30, message=lambda: str(collector.trace_of(ISSUE))
        )
    finally:
        system.stop()
    for private in (password, party["document_number"], party["emails"][0]["address"], party["name"], party["id"]):
        assert private.encode() not in collector.raw
