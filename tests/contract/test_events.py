"""What was published once must stay readable: every declared event has a frozen example, a shape and a place."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from shared.bus.topology import HEARS
from shared.clock import now
from shared.db import new_id
from shared.events import InvalidEvent, UnknownEvent, asyncapi, decode, encode, registered, type_of
from shared.events.registry import dump, is_required, schema_of

TYPES = registered()


def example(name: str) -> bytes:
    return (asyncapi.EXAMPLES / f"{name}.json").read_bytes()


@pytest.mark.parametrize("name", TYPES)
def test_the_frozen_example_of_every_event_can_be_read_and_loses_nothing(name: str) -> None:
    envelope = decode(example(name))
    written = encode(envelope.event, id=new_id(), time=now(), correlation_id=None)
    assert json.loads(written)["data"] == json.loads(example(name))["data"]


@pytest.mark.parametrize("name", TYPES)
def test_an_event_is_written_as_its_schema_would_write_it(name: str) -> None:
    event = decode(example(name)).event
    assert dump(event) == schema_of(type(event)).dump(event)
    bare = dataclasses.replace(event, **{field.name: None for field in dataclasses.fields(event)})
    assert dump(bare) == schema_of(type(event)).dump(bare)


def test_no_example_is_left_over_from_an_event_that_is_gone() -> None:
    assert {path.stem for path in asyncapi.EXAMPLES.glob("*.json")} == set(TYPES)


@pytest.mark.parametrize("name", TYPES)
def test_a_missing_required_field_is_refused_by_name_and_quotes_no_value(name: str) -> None:
    message = json.loads(example(name))
    required = [field.name for field in dataclasses.fields(TYPES[name]) if is_required(field)]
    for field in required:
        broken = {**message, "data": {key: value for key, value in message["data"].items() if key != field}}
        with pytest.raises(InvalidEvent, match=field) as refusal:
            decode(json.dumps(broken).encode())
        assert "example.com" not in str(refusal.value)


@pytest.mark.parametrize("name", TYPES)
def test_a_field_that_a_newer_producer_added_is_ignored(name: str) -> None:
    message = json.loads(example(name))
    message["data"]["added_later"] = "x"
    assert type_of(type(decode(json.dumps(message).encode()).event)) == name


def test_an_unknown_version_is_told_apart() -> None:
    message = json.loads(example("porteria.identity.CredentialIssued.v1"))
    message["type"] = "porteria.identity.CredentialIssued.v9"
    with pytest.raises(UnknownEvent, match="v9"):
        decode(json.dumps(message).encode())


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff\xfe", b"null", b'{"specversion": "1.0"}', b"x" * 300_000])
def test_what_is_no_cloud_event_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidEvent):
        decode(body)


@pytest.mark.parametrize("name", [name for name in TYPES if name.startswith("porteria.")])
def test_every_event_has_a_producer(name: str) -> None:
    """The service in the type's name publishes it: its rooms construct the event class, or record an act."""
    service, noun = name.split(".")[1:3]
    made = rf'record_act\(\s*session,\s*"{service}",' if noun == "ActRecorded" else rf"\b{TYPES[name].__name__}\("
    sources = Path(__file__).parents[2].glob(f"services/{service}/**/*.py")
    assert any(re.search(made, source.read_text("utf-8")) for source in sources)


def test_every_handler_is_bound_and_every_binding_has_a_handler() -> None:
    for service, keys in HEARS.items():
        consumers = __import__(f"services.{service}.consumers", fromlist=["HANDLERS"])
        handled = {type_of(cls).rsplit(".", 1)[0] for cls in consumers.HANDLERS}
        assert handled == {key.rsplit(".", 1)[0] for key in keys}, service
