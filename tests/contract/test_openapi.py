"""What the OpenAPI documents promise is so: requests made up after them, good and bad, against the real applications.

PORTERIA_EXAMPLES says how many requests are made up for each operation and kind (CI takes few, always the same ones):
`PORTERIA_EXAMPLES=200 make test ARGS=tests/contract/test_openapi.py`.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import Failure, FailureGroup

from tests.support.house import SERVICES, House, whole_house
from tests.support.samples import Samples

load_all_checks()
PROMISES: list[Any] = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)
EXAMPLES = int(os.environ.get("PORTERIA_EXAMPLES", "4"))
BOUNDED = settings(
    max_examples=EXAMPLES,
    derandomize="PORTERIA_EXAMPLES" not in os.environ,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def house(postgres_url: str, tmp_path: Path) -> Iterator[House]:
    """On PostgreSQL, which refuses more than SQLite does (such as NUL in a text)."""
    with whole_house(tmp_path, postgres_url, identity={"password_cost": 10}) as made:
        yield made


@pytest.mark.parametrize("service", SERVICES)
def test_an_api_does_what_its_document_says(house: House, service: str) -> None:
    samples = Samples(house)
    headers = {"Authorization": f"Bearer {house.token()}"}
    schema: Any = schemathesis.openapi.from_wsgi(f"/api/{service}/v1/openapi.json", house.rooms[service].app)
    # Made-up ids alone would only ever find out what happens at 404.
    ids = {name: str(value) for name, value in samples.ids(service).items()}
    broken: dict[str, str] = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _try(operation, mode, ids, headers, broken)
    assert not broken, f"{len(broken)} promises are broken\n\n" + "\n\n".join(broken.values())


def _try(
    operation: Any, mode: GenerationMode, ids: Mapping[str, str], headers: Mapping[str, str], broken: dict[str, str]
) -> None:
    """Make up requests for one operation; what is not as promised is kept once by its kind."""

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
    def send(case: Case, real: bool) -> None:
        if real:
            case.path_parameters.update({name: ids[name] for name in case.path_parameters if name in ids})
            if isinstance(case.body, dict):
                case.body.update({name: ids[name] for name in case.body if name in ids})
        try:
            case.call_and_validate(headers=dict(headers), checks=PROMISES)
        except FailureGroup as group:
            for failure in group.exceptions:
                assert isinstance(failure, Failure)
                broken.setdefault(f"{operation.label} {failure.title} {failure.message[:80]}", told(case, failure))

    with suppress(Unsatisfiable):  # of an operation without any input nothing bad can be made up
        send()


def told(case: Case, failure: Failure) -> str:
    """What was sent and what was wrong with the answer."""
    sent = f"{case.method} {case.formatted_path} {case.query} {str(case.body)[:300]!r}"
    return f"{sent}\n{failure.title}: {failure.message[:600]}"
