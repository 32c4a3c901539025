"""The audit trail: what every service tells is kept once, and nobody rewrites it."""

import re
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from alembic import command
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError

from services.identity.consumers import HANDLERS
from services.identity.models.audit import AuditEntry
from shared import clock, migrations
from shared.bus import Delivery
from shared.db import Database, new_id
from shared.events import encode
from shared.events.acts import ACT_EVENTS, Detail, IdentityActRecorded
from shared.inbox import Inbox, inbox
from shared.outbox import outbox
from tests.support.identity import Identity, running_identity
from tests.support.staff import StaffBrowser, add_staff, member_of


@pytest.fixture
def identity(database_url: str, tmp_path: Path) -> Iterator[Identity]:
    with running_identity(database_url, tmp_path) as running:
        yield running


def act(service: str = "mailer", name: str = "letters.cancelled", **more: Any) -> Any:
    given: dict[str, Any] = {
        "at": clock.now(),
        "actor_kind": "staff",
        "actor_id": str(new_id()),
        "actor_name": "Laura Gómez",
    }
    return ACT_EVENTS[service](**(given | {"act": name} | more))


def delivery(told: Any, event_id: uuid.UUID | None = None) -> Delivery:
    body = encode(told, id=event_id or new_id(), time=clock.now(), correlation_id=None)
    return Delivery(body=body, routing_key="x", headers={}, content_type=None)


def hear(identity: Identity, *told: Any) -> None:
    assert Inbox(identity.db, HANDLERS).handle([delivery(one) for one in told]) == []


def entries(identity: Identity) -> list[AuditEntry]:
    with identity.db.read() as session:
        return list(session.scalars(select(AuditEntry).order_by(AuditEntry.at, AuditEntry.id)))


def test_what_each_of_the_four_services_tells_is_appended(identity: Identity) -> None:
    party = new_id()
    details = [Detail(name="reason", value="wrong \x00 amount")]
    told = [act(service, count=3, party_id=party, details=details, address="192.0.2.7") for service in ACT_EVENTS]
    hear(identity, *told)
    kept = entries(identity)
    assert [one.service for one in kept] == list(ACT_EVENTS)
    for one, event in zip(kept, told, strict=True):
        assert (one.act, one.actor_name, one.actor_id) == (event.act, event.actor_name, event.actor_id)
        assert (one.at, one.count, one.party_id, one.address) == (event.at, 3, party, "192.0.2.7")
        assert one.details == [{"name": "reason", "value": "wrong  amount"}]
        assert one.event_source == f"/porteria/{one.service}"


def test_an_act_that_comes_again_after_the_inbox_forgot_it_is_kept_once(identity: Identity) -> None:
    again, other = delivery(act(), new_id()), delivery(act())
    box = Inbox(identity.db, HANDLERS)
    box.handle([again])
    with identity.db.write() as session:
        session.execute(inbox.delete())
    assert box.handle([again, other]) == []
    assert len(entries(identity)) == 2


def test_a_name_that_is_too_long_does_not_keep_an_act_out(identity: Identity) -> None:
    hear(identity, act(actor_name="x" * 5000, subject_id="y" * 5000))
    assert len(entries(identity)[0].actor_name) == 200


REWRITING = """
    INSERT OR REPLACE INTO audit_entries SELECT id, at, received_at, service, 'changed', actor_kind, actor_id,
    actor_name, address, party_id, subject, subject_id, count, details, event_source, event_id FROM audit_entries
"""


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_entries SET actor_name = 'Nobody'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "SET LOCAL session_replication_role = replica; DELETE FROM audit_entries",
        REWRITING,
    ],
)
def test_the_database_lets_nobody_change_or_remove_an_entry(identity: Identity, change: str) -> None:
    hear(identity, act())
    before = entries(identity)[0]
    with suppress(DBAPIError), identity.db.write() as session:
        session.execute(text(change))
    after = entries(identity)
    assert [(one.id, one.act, one.actor_name) for one in after] == [(before.id, before.act, before.actor_name)]


@pytest.mark.parametrize("change", ["UPDATE audit_entries SET count = 1", "DELETE FROM audit_entries"])
def test_changing_the_trail_is_an_error_and_not_only_without_effect(identity: Identity, change: str) -> None:
    hear(identity, act())
    with pytest.raises(DBAPIError, match="append-only"), identity.db.write() as session:
        session.execute(text(change))


def test_on_postgresql_an_ordinary_owner_of_the_table_lacks_the_rights_as_well(
    postgres_url: str, tmp_path: Path
) -> None:
    with running_identity(postgres_url, tmp_path) as identity, identity.db.read() as session:
        rights = session.execute(
            text("SELECT privilege_type FROM aclexplode((SELECT relacl FROM pg_class WHERE relname = 'audit_entries'))")
        ).scalars()
        kept = set(rights)
    assert {"SELECT", "INSERT"} <= kept
    assert not kept & {"UPDATE", "DELETE", "TRUNCATE"}


def test_the_version_before_the_trail_can_be_gone_back_to(database_url: str) -> None:
    db = Database(database_url.replace("{service}", "identity"))
    config = migrations._config("identity", db)
    for step, version in ((command.upgrade, "0002"), (command.downgrade, "0001"), (command.upgrade, "0002")):
        step(config, version)
        assert inspect(db.engine).has_table("audit_entries") is (version == "0002")
    db.dispose()


ADDRESS = "/backoffice/identity/parties/{}"


def told(identity: Identity) -> list[IdentityActRecorded]:
    return identity.told(IdentityActRecorded)


def test_what_is_done_over_rest_is_recorded_with_who_stands_behind_it(identity: Identity) -> None:
    api, party = identity.client(), identity.add_party()
    api.issue(party.party_id, delivery="none")
    api.post("/credential-batches", {"classes": ["tenant"], "scope": "only", "party_ids": [str(party.party_id)]})
    api.post(f"/parties/{party.party_id}/credentials/revoke")
    api.post(f"/parties/{party.party_id}/credentials/revoke")  # nothing is left to revoke
    issued, started, revoked = told(identity)[-3:]
    assert (issued.act, issued.party_id, issued.actor_kind) == ("credential.issued", party.party_id, "client")
    assert issued.actor_name.startswith("test-")
    assert {one.name: one.value for one in issued.details} == {"mode": "random", "delivery": "none"}
    assert (started.act, started.subject, bool(started.subject_id)) == ("batch.started", "batch", True)
    assert {"name": "scope", "value": "only"} in [vars(one) for one in started.details]
    assert (revoked.act, revoked.party_id, revoked.count) == ("credential.revoked", party.party_id, 1)


def test_what_the_staff_does_on_pages_is_recorded_under_their_name(identity: Identity) -> None:
    party, browser = identity.add_party(), StaffBrowser(identity.app)
    identity.client().issue(party.party_id, delivery="none")
    browser.sign_in("laura", add_staff(identity.db, "laura", "agent"))
    browser.post(f"{ADDRESS.format(party.party_id)}/revoke", f"{ADDRESS.format(party.party_id)}/revoke")
    signed_in, revoked = told(identity)[-2:]
    laura = member_of(identity.db, "laura")
    for one in (signed_in, revoked):
        assert (one.actor_kind, one.actor_id, one.actor_name) == ("staff", str(laura.id), "Laura")
        assert one.address == "127.0.0.1"
    assert (signed_in.act, signed_in.subject_id) == ("staff.signed_in", str(laura.id))
    assert revoked.act == "credential.revoked"


def test_a_refused_sign_in_is_recorded_once_a_minute_and_never_with_what_was_typed(identity: Identity) -> None:
    add_staff(identity.db, "laura", "agent")
    browser = StaffBrowser(identity.app)
    before = len(told(identity))
    with time_machine.travel(datetime(2026, 11, 21, 9, 0, 5, tzinfo=UTC), tick=False) as time:
        for _ in range(3):
            browser.sign_in("laura", "wrong")
        browser.sign_in("secreto-tecleado-aqui", "wrong")
        assert len(told(identity)) == before + 1
        time.shift(timedelta(minutes=2))
        browser.sign_in("LAURA ", "wrong")
    first, second = told(identity)[before:]
    for one in (first, second):
        assert (one.act, one.actor_kind, one.actor_name) == ("staff.sign_in_refused", "system", "")
        assert one.subject_id == str(member_of(identity.db, "laura").id)
        assert {"name": "user", "value": "laura"} in [vars(detail) for detail in one.details]
    with identity.db.read() as session:
        assert not any(b"tecleado" in body for body in session.scalars(select(outbox.c.body)))


def test_what_is_older_than_a_term_is_removed_as_the_guide_for_operators_says(
    postgres_url: str, tmp_path: Path
) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "operating.md").read_text("utf-8")
    recipe = re.search(r"^    BEGIN;\n(.*?)^    COMMIT;", guide, re.DOTALL | re.MULTILINE)
    assert recipe is not None
    with running_identity(postgres_url, tmp_path) as identity:
        hear(identity, act(at=clock.now() - timedelta(days=365 * 6)), act())
        with identity.db.write() as session:
            for statement in recipe[1].split(";")[:-1]:
                session.execute(text(statement))
        assert len(entries(identity)) == 1
        with pytest.raises(DBAPIError, match="append-only"), identity.db.write() as session:
            session.execute(text("DELETE FROM audit_entries"))
