"""Guests: people who sign in though they are no party, on both databases."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from services.identity.actions.issuing import Terms, issue_credentials, make_random_secret
from services.identity.jobs import expire_unused
from services.identity.models.credentials import Credential
from services.identity.models.parties import Party
from services.identity.queries.parties import count_parties, list_unknown
from services.identity.rules import hashing
from shared import clock
from shared.db import new_id
from shared.events.acts import IdentityActRecorded
from shared.events.directory import Email, PartyUpdated
from shared.events.identity import CredentialActivated, CredentialRevoked, RecoveryRequested
from tests.support.identity import Api, Identity, running_identity
from tests.support.staff import StaffBrowser, add_staff

ANA = "ana.contadora@example.test"
CHOSEN = "tres caballos bailan sin zapatos"
OTHER = "cuatro nubes comen pan de arroz"
THIRD = "siete gatos leen el diario ayer"


@pytest.fixture
def identity(database_url: str, tmp_path: Path) -> Iterator[Identity]:
    with running_identity(database_url, tmp_path) as one:
        yield one


def let_in(api: Api, address: str = ANA, password: str = CHOSEN, **more: Any) -> Any:
    order = {"address": address, "name": "Ana Contadora", "language": "es", "password": password}
    answer = api.post("/guests", order | more)
    assert answer.status_code in (200, 201), answer.text
    return answer.json


def found(api: Api, address: str) -> tuple[str | None, bool]:
    answer = api.post("/guests/find", {"address": address}).json
    return answer["subject"], answer["has_access"]


def with_password(identity: Identity, password: str, **values: Any) -> Any:
    party = identity.add_party(**values)
    assert identity.client().issue(party.party_id, mode="manual", password=password, delivery="none").status_code == 201
    return party


def test_a_guest_signs_in_with_the_address_and_nothing_else(identity: Identity) -> None:
    api = identity.client()
    assert found(api, ANA) == (None, False)
    made = let_in(api, " Ana.Contadora@Example.TEST ".strip())
    assert made["created"] is True
    assert found(api, ANA) == (made["subject"], True)
    assert api.verify(ANA.upper(), CHOSEN).json == {
        "valid": True,
        "subject": made["subject"],
        "guest": True,
        "credential_id": made["credential_id"],
        "must_change": False,
    }
    wrong = [api.verify(login, password).text for login, password in ((ANA, OTHER), ("", CHOSEN), ("x@y.test", CHOSEN))]
    assert wrong[0] == wrong[2]
    for login in ("-", "0", "Ana Contadora"):
        assert not api.opens(login, CHOSEN)
    (told,) = identity.told(CredentialActivated)
    assert (str(told.party_id), told.how) == (made["subject"], "chosen")
    assert [type(event) for event in identity.told()] == [CredentialActivated], "no letter goes out from here"


def test_whoever_has_access_already_keeps_it_and_the_answer_says_who_it_is(identity: Identity) -> None:
    api = identity.client()
    first = let_in(api)
    again = let_in(api, ANA.upper(), OTHER, name="Somebody else")
    assert again == {"subject": first["subject"], "credential_id": None, "created": False}
    assert (api.opens(ANA, CHOSEN), api.opens(ANA, OTHER)) == (True, False)
    party = with_password(identity, OTHER, email="luis@example.test")
    assert found(api, "LUIS@example.test") == (str(party.party_id), True)
    assert let_in(api, "luis@example.test") == {
        "subject": str(party.party_id),
        "credential_id": None,
        "created": False,
    }
    # Two parties with one address, one that is not active, and one without a password sign in with it neither.
    shared = [with_password(identity, OTHER, email="casa@example.test") for _ in range(2)]
    with_password(identity, OTHER, email="gone@example.test")
    gone = identity.add_party(email="gone2@example.test", active=False)
    bare = identity.add_party(email="bare@example.test")
    assert (found(api, "casa@example.test"), found(api, "gone2@example.test")) == ((None, False), (None, False))
    assert found(api, "bare@example.test") == (str(bare.party_id), False)
    made = {let_in(api, address)["subject"] for address in ("casa@example.test", "gone2@example.test")}
    assert not made & {str(one.party_id) for one in (*shared, gone)}


def test_two_who_let_in_the_same_address_at_once_make_one_guest(identity: Identity) -> None:
    clients = [identity.client() for _ in range(4)]
    passwords = [f"{CHOSEN} {word}" for word in ("uno", "dos", "seis", "nueve")]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda pair: let_in(pair[0], ANA, pair[1]), zip(clients, passwords, strict=True)))
    assert sorted(one["created"] for one in made) == [False, False, False, True]
    assert len({one["subject"] for one in made}) == 1
    with identity.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Party)) == 1
        assert session.scalar(select(func.count()).select_from(Credential)) == 1


def test_asking_twice_with_one_key_gets_the_same_answer(identity: Identity) -> None:
    api, order = identity.client(), {"address": ANA, "name": "Ana", "language": "es", "password": CHOSEN}
    answers = [api.post("/guests", order, key="one") for _ in range(2)]
    assert {answer.text for answer in answers} == {answers[0].text}
    assert answers[1].headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("password", ["corto", "contadora", "12345678", "x" * 80])
def test_a_weak_password_is_refused_at_its_field_and_nobody_is_made(identity: Identity, password: str) -> None:
    api = identity.client()
    order = {"address": ANA, "name": "Ana Contadora", "language": "es", "password": password}
    refused = api.post("/guests", order)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json["errors"]] == ["password"]
    assert found(api, ANA) == (None, False)


@pytest.mark.parametrize(("field", "value"), [("address", "nobody"), ("name", "  "), ("language", "fr")])
def test_what_is_said_of_a_guest_is_checked_before_anything_else(identity: Identity, field: str, value: str) -> None:
    order = {"address": ANA, "name": "Ana", "language": "es", "password": CHOSEN} | {field: value}
    refused = identity.client().post("/guests", order)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json["errors"]] == [field]


def test_a_first_password_that_another_typed_must_be_changed_and_ends_unused(identity: Identity) -> None:
    api = identity.client()
    made = let_in(api, initial=True)
    acts = [(one.act, str(one.party_id)) for one in identity.told(IdentityActRecorded) if one.party_id]
    assert acts == [("credential.issued", made["subject"])]
    with time_machine.travel(clock.now() + timedelta(days=400)):
        late = identity.client()
        assert found(late, ANA) == (made["subject"], False)
        assert not late.opens(ANA, CHOSEN)
        again = let_in(late, password=OTHER, name="Ana María", initial=True)
        assert (again["subject"], again["created"]) == (made["subject"], True)
        assert [event.reason for event in identity.told(CredentialRevoked)] == ["expired"]
        verified = late.verify(ANA, OTHER).json
        assert (verified["must_change"], verified["guest"]) == (True, True)
        body = {"party_id": made["subject"], "current_password": OTHER, "new_password": THIRD}
        changed = late.post("/passwords", body)
        assert (changed.status_code, changed.json["guest"]) == (200, True)
        assert late.verify(ANA, THIRD).json["must_change"] is False
        expire_unused(identity.db)
        assert late.opens(ANA, THIRD)
    with identity.db.read() as session:
        assert session.get_one(Party, uuid.UUID(made["subject"])).name == "Ana María"


def test_one_address_of_a_guest_and_of_a_party_is_told_apart_by_the_password_with_the_work_of_one(
    identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = identity.client()
    guest = let_in(api)
    party = with_password(identity, OTHER, email=ANA)
    assert api.verify(ANA, CHOSEN).json["subject"] == guest["subject"]
    assert api.verify(ANA, OTHER).json["subject"] == str(party.party_id)
    for number in (1, 2):  # whoever changes the password keeps to the salt of the other one
        body = {"party_id": str(party.party_id), "current_password": OTHER, "new_password": f"{THIRD} {number}"}
        assert api.post("/passwords", body).status_code == 200
        body = {"party_id": str(party.party_id), "current_password": f"{THIRD} {number}", "new_password": OTHER}
        assert api.post("/passwords", body).status_code == 200
    computed: list[bytes] = []
    real = hashing.bcrypt.hashpw

    def counted(text: bytes, salt: bytes) -> bytes:
        computed.append(salt)
        return real(text, salt)

    monkeypatch.setattr(hashing.bcrypt, "hashpw", counted)
    work = []
    for login in (ANA, "nobody@example.test", party.document_number):
        computed.clear()
        assert not api.opens(login, "wrong")
        work.append(sorted(salt[:7] for salt in computed))
    assert work[0] == work[1] == work[2]


def test_of_two_equal_passwords_of_one_address_the_guest_s_counts_every_time(identity: Identity) -> None:
    api = identity.client()
    guest = let_in(api)
    party = with_password(identity, CHOSEN, email=ANA)
    assert {api.verify(ANA, CHOSEN).json["subject"] for _ in range(3)} == {guest["subject"]}
    assert api.verify(party.document_number, CHOSEN).json["subject"] == str(party.party_id)


def test_a_forgotten_password_is_recovered_by_a_guest_and_by_a_party_with_the_same_address(identity: Identity) -> None:
    api = identity.client()
    guest = let_in(api)
    party = with_password(identity, OTHER, email=ANA)
    api.opens(ANA, OTHER)
    answers = [api.post("/recoveries", {"login": login}) for login in (ANA, "nobody@example.test")]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, answers[0].text)}
    asked = identity.told(RecoveryRequested)
    assert {(str(e.party_id), e.recipient.login, e.recipient.address.lower()) for e in asked} == {
        (guest["subject"], ANA, ANA),
        (str(party.party_id), party.document_number, ANA),
    }
    (of_guest,) = (event for event in asked if str(event.party_id) == guest["subject"])
    done = api.post("/recoveries/complete", {"token": identity.open(of_guest), "new_password": THIRD})
    assert (done.json["subject"], done.json["guest"]) == (guest["subject"], True)
    assert api.verify(ANA, THIRD).json["subject"] == guest["subject"]
    assert api.verify(ANA, OTHER).json["subject"] == str(party.party_id)
    assert not api.opens(ANA, CHOSEN)


def test_what_the_directory_tells_neither_touches_nor_counts_a_guest(identity: Identity) -> None:
    guest = uuid.UUID(let_in(identity.client())["subject"])
    party = identity.add_party()
    told = PartyUpdated(**(vars(party) | {"party_id": guest, "version": 9, "active": False}))
    identity.hear(told)
    same_address = [Email(address=ANA, principal=True, state="bounced")]
    identity.hear(PartyUpdated(**(vars(party) | {"emails": same_address, "version": 2, "active": False})))
    with identity.db.read() as session:
        kept = session.get_one(Party, guest)
        assert (kept.name, kept.active, kept.is_guest, kept.code) == ("Ana Contadora", True, True, "")
        assert count_parties(session) == 1
        assert list_unknown(session, [guest, party.party_id]) == [guest]
    assert identity.client().opens(ANA, CHOSEN)


def test_guests_are_in_no_list_no_batch_and_no_figure(identity: Identity) -> None:
    api = identity.client()
    guest = let_in(api, initial=True)["subject"]
    browser = StaffBrowser(identity.app)
    browser.sign_in("agente", add_staff(identity.db, "agente", "agent"))
    assert "Ana Contadora" not in browser.get("/backoffice/identity/parties/").text
    for order in ({}, {"scope": "only", "party_ids": [guest]}):
        preview = api.post("/credential-batches/preview", order).json
        assert preview["total"] == 0
        assert [one["reason"] for one in preview["skipped"]] == (["unknown_party"] if order else [])
    terms = Terms(delivery="none", issued_by="agente", valid_for=timedelta(days=1))
    with identity.db.write() as session:
        refused = issue_credentials(session, {uuid.UUID(guest): make_random_secret()}, terms).refused
    assert refused == {uuid.UUID(guest): "unknown_party"}
    with time_machine.travel(clock.now() + identity.settings.policy.initial_valid_for - timedelta(hours=1)):
        items = identity.client().get("/attention").json["items"]
    assert items == [], "a guest's key that ends soon is no affair of the staff"


def test_the_staff_sees_a_guest_s_access_on_a_plain_page_and_can_end_it(identity: Identity) -> None:
    api = identity.client()
    guest = let_in(api, initial=True)["subject"]
    api.post("/recoveries", {"login": ANA})
    browser = StaffBrowser(identity.app)
    browser.sign_in("agente", add_staff(identity.db, "agente", "agent"))
    page = browser.get(f"/backoffice/identity/parties/{guest}").text
    assert ANA in page
    assert "Escrita por quien la dejó entrar" in page
    assert "/backoffice/directory/parties/" not in page
    assert "Ana Contadora" in browser.get("/backoffice/identity/links/").text
    assert browser.post(f"/backoffice/identity/parties/{guest}/revoke").status_code == 303
    assert not api.opens(ANA, CHOSEN)
    assert browser.get(f"/backoffice/identity/parties/{new_id()}").status_code == 404
    before = len(identity.told(RecoveryRequested))
    api.post("/recoveries", {"login": ANA})
    assert len(identity.told(RecoveryRequested)) == before, "what the staff ended, a letter does not open again"
