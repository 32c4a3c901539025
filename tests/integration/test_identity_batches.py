"""Credentials for many at once, on both databases."""

import os
import signal
import subprocess
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from services.identity.actions.parties import copy_parties
from services.identity.actions.verification import HashingGate
from services.identity.clients import Clients
from services.identity.jobs import BatchRunner
from services.identity.models.batches import BatchMember, CredentialBatch
from services.identity.models.credentials import Credential
from shared.events.identity import CredentialIssued
from shared.events.mailer import LetterSent
from shared.keyring import Keyring
from tests.support.identity import NOBODY, Identity, letter, make_party, running_identity
from tests.support.waiting import wait_until


@pytest.fixture
def identity(database_url: str, tmp_path: Path) -> Iterator[Identity]:
    with running_identity(database_url, tmp_path) as running:
        yield running


def test_a_batch_issues_once_to_each_and_tells_who_gets_none(identity: Identity) -> None:
    both = identity.add_party(classes=["tenant", "owner"])
    tenant, owner = identity.add_party(), identity.add_party(classes=["owner"])
    skipped = {
        identity.add_party(email=None).party_id: "no_email",
        identity.add_party(email_state="bounced").party_id: "blocked_address",
        identity.add_party(active=False).party_id: "inactive",
        identity.add_party(code="Z2", email=tenant.emails[0].address.upper()).party_id: "same_address",
    }
    api = identity.client()
    wish = {"classes": ["tenant", "owner"], "scope": "all", "delivery": "password"}
    preview = api.post("/credential-batches/preview", wish).json
    assert preview["total"] == 3
    assert {uuid.UUID(one["party_id"]): one["reason"] for one in preview["skipped"]} == skipped
    assert identity.told() == []

    started = api.post("/credential-batches", wish)
    assert started.status_code == 202
    assert started.json["state"] == "running"
    _work(identity)
    done = api.get(f"/credential-batches/{started.json['id']}").json
    assert (done["state"], done["total"], done["issued"], done["skipped"]) == ("finished", 3, 3, 4)
    told = identity.told(CredentialIssued)
    assert sorted(e.party_id for e in told) == sorted(p.party_id for p in (both, tenant, owner))
    assert {e.batch_id for e in told} == {uuid.UUID(done["id"])}
    assert api.get("/credential-batches").json["items"][0]["id"] == done["id"]


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({"classes": ["tenant"]}, "tb"),
        ({"classes": ["owner"]}, "ob"),
        ({"classes": []}, "tob"),
        ({"scope": "only", "party_ids": "to"}, "to"),
        ({"scope": "only", "party_ids": "to", "classes": ["owner"]}, "o"),
        ({"scope": "except", "party_ids": "b"}, "to"),
        ({"scope": "except", "party_ids": "b", "classes": ["tenant"]}, "t"),
        ({"scope": "only", "party_ids": ""}, "tob"),
        ({"scope": "except", "party_ids": ""}, "tob"),
    ],
)
def test_class_and_scope_choose_and_choosing_nobody_means_everybody(
    identity: Identity, wish: Any, expected: str
) -> None:
    people = {
        "t": identity.add_party(),
        "o": identity.add_party(classes=["owner"]),
        "b": identity.add_party(classes=["tenant", "owner"]),
    }
    wish = wish | {"party_ids": [str(people[name].party_id) for name in wish.get("party_ids", "")]}
    api = identity.client()
    assert api.post("/credential-batches/preview", wish).json["total"] == len(expected)
    api.post("/credential-batches", wish)
    _work(identity)
    assert sorted(e.party_id for e in identity.told()) == sorted(people[name].party_id for name in expected)


def test_who_has_access_is_left_out_only_where_that_is_asked(identity: Identity) -> None:
    party, other = identity.add_party(), identity.add_party()
    api = identity.client()
    api.issue(party.party_id)
    identity.hear(letter(LetterSent, identity.told(CredentialIssued)[0].credential_id))
    assert api.post("/credential-batches/preview", {}).json["total"] == 2
    careful = api.post("/credential-batches/preview", {"exclude_with_access": True}).json
    assert (careful["total"], careful["skipped"]) == (
        1,
        [{"party_id": str(party.party_id), "reason": "already_has_access"}],
    )
    api.post("/credential-batches", {"exclude_with_access": True})
    _work(identity)
    assert identity.told(CredentialIssued)[-1].party_id == other.party_id


def test_picks_of_another_class_and_unknown_ones_are_named(identity: Identity) -> None:
    tenant, stranger = identity.add_party(), uuid.uuid4()
    wish = {"classes": ["owner"], "scope": "only", "party_ids": [str(tenant.party_id), str(stranger)]}
    preview = identity.client().post("/credential-batches/preview", wish).json
    assert preview["total"] == 0
    assert {one["party_id"]: one["reason"] for one in preview["skipped"]} == {
        str(tenant.party_id): "other_class",
        str(stranger): "unknown_party",
    }
    assert preview["complete"] is False  # the directory does not answer here


def test_the_same_key_at_once_starts_one_batch(identity: Identity) -> None:
    identity.add_party()
    callers = [identity.client() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda api: api.post("/credential-batches", {"scope": "all"}, key="same"), callers))
    assert {a.status_code for a in answers} == {202}
    assert len({a.json["id"] for a in answers}) == 1
    _work(identity)
    assert len(identity.told(CredentialIssued)) == 1


def test_who_became_inactive_after_the_start_gets_no_letter(identity: Identity) -> None:
    gone, other = make_party(), identity.add_party()
    identity.hear(gone)
    api = identity.client()
    started = api.post("/credential-batches", {}).json
    runner = _runner(identity)
    with identity.db.read() as session:
        batch = session.get_one(CredentialBatch, uuid.UUID(started["id"]))
    runner._freeze(batch)
    from dataclasses import asdict

    from shared.events.directory import Email, PartyDeactivated

    values = asdict(gone) | {"version": 2, "active": False, "emails": [Email(**e) for e in asdict(gone)["emails"]]}
    identity.hear(PartyDeactivated(**values))
    _work(identity)
    done = api.get(f"/credential-batches/{started['id']}").json
    assert (done["state"], done["total"], done["issued"], done["skipped"]) == ("finished", 1, 1, 1)
    assert [e.party_id for e in identity.told(CredentialIssued)] == [other.party_id]


def test_a_batch_of_links_holds_no_password(identity: Identity) -> None:
    identity.add_party()
    identity.client().post("/credential-batches", {"delivery": "link"})
    _work(identity)
    with identity.db.read() as session:
        credential = session.scalars(select(Credential)).one()
    assert (credential.delivery, credential.password_hash) == ("link", None)


@pytest.mark.parametrize(
    "wish",
    [
        {"scope": "some"},
        {"scope": "all", "party_ids": [str(uuid.uuid4())]},
        {"party_ids": ["x"]},
        {"delivery": "none"},
        {"classes": ["guest"]},
    ],
)
def test_a_wish_that_cannot_be_meant_is_refused(identity: Identity, wish: Any) -> None:
    for path in ("/credential-batches", "/credential-batches/preview"):
        assert identity.client().post(path, wish).status_code == 422


@pytest.mark.faults
def test_a_worker_killed_in_the_middle_issues_once_to_each(
    identity: Identity, database_url: str, tmp_path: Path
) -> None:
    many = 2500
    with identity.db.write() as session:
        copy_parties(session, [make_party() for _ in range(many)])
    batch_id = uuid.UUID(identity.client().post("/credential-batches", {}).json["id"])
    kills = 0
    while _issued(identity, batch_id) < many:
        before = _issued(identity, batch_id)
        worker = _start_worker(database_url, tmp_path)
        try:
            wait_until(lambda: _issued(identity, batch_id) > before, 60, "the worker issued nothing")  # noqa: B023
        finally:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
        kills += 1
    assert kills >= 2
    with identity.db.read() as session:
        per_party = Counter(session.scalars(select(Credential.party_id).where(Credential.batch_id == batch_id)))
    assert (len(per_party), set(per_party.values())) == (many, {1})
    _work(identity)
    with identity.db.read() as session:
        batch = session.get_one(CredentialBatch, batch_id)
    assert (batch.state, batch.issued) == ("finished", many)


def _start_worker(database_url: str, data: Path) -> "subprocess.Popen[bytes]":
    environment = {
        "PATH": os.environ["PATH"],
        "PORTERIA_DATA": str(data),
        "PORTERIA_DATABASE_URL": database_url,
        "PORTERIA_INTERNAL_URL": NOBODY,
    }
    command = [sys.executable, "-m", "services.identity", "worker"]
    return subprocess.Popen(command, env=environment, start_new_session=True, stderr=subprocess.DEVNULL)


def _issued(identity: Identity, batch_id: uuid.UUID) -> int:
    with identity.db.read() as session:
        counted = select(func.count()).where(BatchMember.batch_id == batch_id, BatchMember.state == "issued")
        return session.scalar(counted) or 0


def _runner(identity: Identity) -> BatchRunner:
    stop = threading.Event()
    settings = identity.settings
    return BatchRunner(identity.db, Clients(settings), Keyring(settings.data, "identity"), settings.policy, stop.is_set)


def _work(identity: Identity) -> None:
    runner = _runner(identity)
    while runner.run():
        pass


def test_the_gate_turns_away_whoever_comes_when_enough_wait() -> None:
    from services.identity.actions.verification import TooManyAtOnce

    gate = HashingGate(1, 0)
    with gate.place(), pytest.raises(TooManyAtOnce), gate.place():
        pass
    with gate.place():
        pass
