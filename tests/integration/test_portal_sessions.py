"""What the portal keeps: the copy of parties and the sessions, on both databases."""

import threading
import uuid
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from sqlalchemy import func, select

from services.portal.actions.sessions import CredentialEnded, PartyInactive, end_expired_sessions, open_session
from services.portal.app import create_app
from services.portal.consumers import HANDLERS
from services.portal.jobs import jobs
from services.portal.models import ClientSession, EndedCredential, Party
from services.portal.queries.sessions import find_client, list_clients
from services.portal.rules.sessions import Lifetime
from services.portal.settings import Settings
from shared import clock
from shared.db import Database
from shared.events import decode
from shared.events.acts import ACT_EVENTS
from shared.events.directory import PartyRegistered, PartyUpdated
from shared.events.identity import CredentialRevoked, PasswordChanged
from shared.events.portal import ClientSignedIn
from shared.outbox import outbox
from tests.support.clientarea import PUBLIC_URL, deactivated, party_event, updated
from tests.support.schema import migrated
from tests.support.web import Issuer, sign_in

LIFETIME = Lifetime(idle=timedelta(hours=1), absolute=timedelta(hours=12))


@pytest.fixture
def settings(tmp_path, database_url):
    return Settings(public_url=PUBLIC_URL, data=tmp_path, database_pattern=database_url)


@pytest.fixture
def db(settings):
    made = Database(settings.database_url("portal"))
    migrated("portal", made)
    yield made
    made.dispose()


def hear(db: Database, *events) -> None:
    with db.write() as session:
        HANDLERS[type(events[0])](session, list(events))


def opened(db: Database, number: int, credential_id: uuid.UUID | None = None) -> uuid.UUID:
    """Sign the party in; returns the session's id."""
    with db.write() as session:
        made = open_session(
            session,
            party_event(number).party_id,
            credential_id or uuid.uuid4(),
            must_change=False,
            address="10.0.0.1",
            user_agent="test",
        )
    return made.session_id


def reasons(db: Database) -> dict[uuid.UUID, str | None]:
    with db.read() as session:
        rows = session.execute(select(ClientSession.id, ClientSession.end_reason)).all()
    return {row.id: row.end_reason for row in rows}


def test_an_older_version_never_replaces_a_newer_one(db):
    hear(db, party_event(1, name="Primera"))
    hear(db, updated(1, version=3, name="Tercera"))
    hear(db, updated(1, version=2, name="Segunda"))
    with db.read() as session:
        party = session.get(Party, party_event(1).party_id)
    assert party is not None
    assert (party.name, party.version) == ("Tercera", 3)


def test_several_changes_of_one_party_in_one_delivery_end_with_the_newest(db):
    hear(db, *(updated(1, version=version, name=f"Nombre {version}") for version in (2, 5, 4, 1, 3)))
    with db.read() as session:
        assert session.scalars(select(Party.name)).all() == ["Nombre 5"]


def test_thousands_of_parties_are_copied_and_a_repetition_changes_nothing(db):
    events = [party_event(number) for number in range(1, 2501)]
    hear(db, *events)
    hear(db, *events)
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Party)) == 2500


def test_a_sign_in_is_told_in_its_own_transaction(db):
    hear(db, party_event(1), deactivated(2))
    opened(db, 1)
    with pytest.raises(PartyInactive):
        opened(db, 2)
    with db.read() as session:
        told = [decode(bytes(body)).event for body in session.scalars(select(outbox.c.body))]
        signed_in = session.scalars(select(ClientSession)).one()
    assert told == [ClientSignedIn(party_id=party_event(1).party_id, at=signed_in.created_at)]


def test_the_last_sign_in_survives_a_change_of_the_directory(db):
    hear(db, party_event(1))
    opened(db, 1)
    hear(db, updated(1, version=2, name="Otro Nombre"))
    with db.read() as session:
        client = find_client(session, party_event(1).party_id, LIFETIME, clock.now())
    assert client is not None
    assert (client.name, client.open_sessions) == ("Otro Nombre", 1)


def test_a_revoked_credential_ends_what_it_opened_and_opens_nothing_more(db):
    hear(db, party_event(1), party_event(2))
    revoked, other = uuid.uuid4(), uuid.uuid4()
    one, two, three = opened(db, 1, revoked), opened(db, 1, other), opened(db, 2)

    hear(db, CredentialRevoked(credential_id=revoked, party_id=party_event(1).party_id, reason="revoked"))

    assert reasons(db) == {one: "credential_revoked", two: None, three: None}
    with pytest.raises(CredentialEnded):
        opened(db, 1, revoked)


def test_the_same_revocation_twice_is_one(db):
    hear(db, party_event(1))
    event = CredentialRevoked(credential_id=uuid.uuid4(), party_id=party_event(1).party_id, reason="expired")
    hear(db, event, event)
    hear(db, event)
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(EndedCredential)) == 1


def test_a_revocation_for_a_party_not_yet_heard_of_is_remembered(db):
    credential_id = uuid.uuid4()
    hear(db, CredentialRevoked(credential_id=credential_id, party_id=party_event(1).party_id, reason="revoked"))
    hear(db, party_event(1))
    with pytest.raises(CredentialEnded):
        opened(db, 1, credential_id)


def test_a_changed_password_ends_the_sessions_of_the_former_one_alone(db):
    hear(db, party_event(1), party_event(2))
    new = uuid.uuid4()
    one, two, three = opened(db, 1), opened(db, 1, new), opened(db, 2)
    hear(db, PasswordChanged(party_id=party_event(1).party_id, credential_id=new))
    assert reasons(db) == {one: "password_changed", two: None, three: None}


def test_a_deactivated_party_is_out_and_stays_out_until_it_is_active_again(db):
    hear(db, party_event(1))
    before = opened(db, 1)
    hear(db, deactivated(1, version=2))
    assert reasons(db) == {before: "party_deactivated"}
    with pytest.raises(PartyInactive):
        opened(db, 1)
    hear(db, updated(1, version=3))
    opened(db, 1)


def test_a_deactivation_that_comes_late_still_ends_what_was_open_and_leaves_the_newer_copy(db):
    hear(db, party_event(1))
    before = opened(db, 1)
    hear(db, updated(1, version=3))
    hear(db, deactivated(1, version=2))
    assert reasons(db) == {before: "party_deactivated"}
    opened(db, 1)


def test_the_first_reason_for_an_end_stays(db):
    hear(db, party_event(1))
    credential_id = uuid.uuid4()
    one = opened(db, 1, credential_id)
    hear(db, CredentialRevoked(credential_id=credential_id, party_id=party_event(1).party_id, reason="revoked"))
    hear(db, deactivated(1))
    assert reasons(db) == {one: "credential_revoked"}


def test_the_job_ends_expired_sessions_and_deletes_those_that_ended_long_ago(db, settings):
    hear(db, party_event(1))
    began = clock.now()
    with time_machine.travel(began, tick=False):
        old = opened(db, 1)
    worker = SimpleNamespace(stop=threading.Event())
    (tidy,) = (job for job in jobs(settings, db, worker) if job.name == "tidy_sessions")  # type: ignore[arg-type]

    with time_machine.travel(began + timedelta(hours=2), tick=False):
        fresh = opened(db, 1)
        tidy.run()
        assert reasons(db) == {old: "expired", fresh: None}
    with time_machine.travel(began + timedelta(days=settings.session_keep_days, hours=3), tick=False):
        tidy.run()
        assert reasons(db) == {fresh: "expired"}
    with db.write() as session:
        assert end_expired_sessions(session, LIFETIME) == 0


def test_clients_are_listed_by_their_last_sign_in_page_by_page_and_found_by_what_one_remembers(db):
    began = clock.now()
    hear(db, *(party_event(number, name=f"José Núñez {number}") for number in range(1, 8)))
    for number in range(1, 7):  # the seventh never signs in
        with time_machine.travel(began + timedelta(minutes=number), tick=False):
            opened(db, number)
    now = began + timedelta(minutes=7)

    with db.read() as session:
        first = list_clients(session, LIFETIME, now, limit=4)
        second = list_clients(session, LIFETIME, now, limit=4, cursor=first.next)
        names = [one.name[-1] for page in (first, second) for one in page.items]
        assert names == ["6", "5", "4", "3", "2", "1"]
        assert second.next is None
        for text, found in {"jose nunez 3": 1, "10.000.004": 1, "C00005": 1, "NÚÑEZ": 6, "%": 0, "nadie": 0}.items():
            assert len(list_clients(session, LIFETIME, now, text=text).items) == found, text


def test_the_interface_tells_who_has_signed_in_to_whom_may_know(db, settings):
    hear(db, party_event(1), party_event(2))
    opened(db, 1)
    issuer = Issuer()
    client = create_app(settings, db, token_keys=issuer.keys).test_client()
    path = f"/api/portal/v1/clients/{party_event(1).party_id}"

    assert client.get(path).status_code == 401
    assert client.get(path, headers=issuer.bearer("letters:read")).status_code == 403
    found = client.get(path, headers=issuer.bearer("parties:read")).get_json()
    assert (found["party_id"], found["open_sessions"]) == (str(party_event(1).party_id), 1)
    never = client.get(f"/api/portal/v1/clients/{party_event(2).party_id}", headers=issuer.bearer("parties:read"))
    assert never.status_code == 404
    assert never.content_type == "application/problem+json"
    listed = client.get("/api/portal/v1/clients?signed_in=true", headers=issuer.bearer("parties:read")).get_json()
    assert [one["name"] for one in listed["items"]] == ["Persona Número 1"]
    assert listed["next"] is None


def test_an_agent_ends_a_clients_sessions_after_being_asked_and_an_auditor_does_not(db, settings):
    hear(db, party_event(1))
    one, two = opened(db, 1), opened(db, 1)
    app = create_app(settings, db)
    app.config["WTF_CSRF_ENABLED"] = False
    path = f"/backoffice/portal/clients/{party_event(1).party_id}/end-sessions"
    auditor, agent = app.test_client(), app.test_client()
    sign_in(auditor, "auditor")
    sign_in(agent, "agent", name="Laura Vélez")

    assert "Persona Número 1" in auditor.get("/backoffice/portal/clients").text
    assert "end-sessions" not in auditor.get("/backoffice/portal/clients").text
    assert auditor.post(path).status_code == 403
    assert "Persona Número 1" in agent.get(path).text
    assert reasons(db) == {one: None, two: None}

    assert agent.post(path).location == "/backoffice/portal/clients"

    assert reasons(db) == {one: "staff", two: "staff"}
    with db.read() as session:
        assert set(session.scalars(select(ClientSession.ended_by))) == {"Laura Vélez"}
    assert "2 sesiones" in agent.get("/backoffice/portal/clients").text


def test_an_agent_sees_in_which_browsers_a_client_is_signed_in_and_ends_one(db, settings):
    hear(db, party_event(1))
    one, two = opened(db, 1), opened(db, 1)
    app = create_app(settings, db)
    app.config["WTF_CSRF_ENABLED"] = False
    path = f"/backoffice/portal/clients/{party_event(1).party_id}"
    auditor, agent = app.test_client(), app.test_client()
    sign_in(auditor, "auditor")
    sign_in(agent, "agent", name="Laura Vélez")

    assert auditor.get(path).text.count("10.0.0.1") == 2
    assert f"{path}/sessions/" not in auditor.get(path).text
    assert auditor.post(f"{path}/sessions/{one}/end").status_code == 403
    assert f"{path}/sessions/{one}/end" in agent.get(path).text
    assert "Persona Número 1" in agent.get(f"{path}/sessions/{one}/end").text
    assert reasons(db) == {one: None, two: None}

    assert agent.post(f"{path}/sessions/{one}/end").location == path
    assert agent.post(f"{path}/sessions/{one}/end").location == path

    assert reasons(db) == {one: "staff", two: None}
    with db.read() as session:
        told = [decode(bytes(body)).event for body in session.scalars(select(outbox.c.body))]
    acts = [event for event in told if isinstance(event, ACT_EVENTS["portal"])]
    assert [(act.act, act.actor_name, act.count) for act in acts] == [("sessions.ended", "Laura Vélez", 1)]


def test_every_event_that_the_portal_is_sent_has_a_handler():
    from shared.bus.topology import HEARS
    from shared.events import type_of

    handled = {type_of(kind).rpartition(".")[0] for kind in HANDLERS}
    assert handled == {pattern.removesuffix(".*") for pattern in HEARS["portal"]}
    assert HANDLERS[PartyRegistered] is HANDLERS[PartyUpdated]
