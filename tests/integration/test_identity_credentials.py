"""One credential's life over REST and events, on both databases."""

import unicodedata
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from services.identity.jobs import expire_unused
from shared import clock
from shared.events.identity import CredentialActivated, CredentialIssued, CredentialRevoked
from shared.events.mailer import LetterBounced, LetterCancelled, LetterFailed, LetterSent
from tests.support.identity import Identity, letter, make_party, running_identity


@pytest.fixture
def identity(database_url: str, tmp_path: Path) -> Iterator[Identity]:
    with running_identity(database_url, tmp_path) as running:
        yield running


def test_a_delivered_password_opens_the_client_area_in_any_spelling_of_the_document(identity: Identity) -> None:
    party = identity.add_party(document_number="1.234.567-8", document_key="12345678")
    api = identity.client()
    answer = api.issue(party.party_id)
    assert answer.status_code == 201, answer.text
    assert (answer.json["state"], answer.json["letter"], answer.json["address"]) == (
        "issued",
        True,
        party.emails[0].address,
    )
    assert "password" not in answer.json
    (told,) = identity.told(CredentialIssued)
    password = identity.open(told)
    identity.hear(letter(LetterSent, told.credential_id))
    for login in ("1.234.567-8", "1234567-8", "12345678", party.emails[0].address.upper()):
        for typed in (password, password.replace("-", "").upper()):
            verified = api.verify(login, typed).json
            assert verified == {
                "valid": True,
                "subject": str(party.party_id),
                "guest": False,
                "credential_id": str(told.credential_id),
                "must_change": True,
            }


def test_every_failure_is_answered_in_the_same_way(identity: Identity) -> None:
    party, inactive = identity.add_party(), identity.add_party(active=False)
    api = identity.client()
    answers = [
        api.verify(party.document_number, "wrong"),
        api.verify("99999999", "wrong"),
        api.verify(inactive.document_number, "wrong"),
        api.verify("nobody@example.test", "x" * 500),
        api.verify("Robert'); DROP TABLE", "ñandú"),
    ]
    assert {(a.status_code, a.text) for a in answers} == {(200, answers[0].text)}
    assert answers[0].json == {"valid": False}


def test_the_former_password_works_until_the_letter_of_the_new_one_is_delivered(identity: Identity) -> None:
    party, api = identity.add_party(), identity.client()
    former = _delivered(identity, party.party_id)
    api.issue(party.party_id)
    new = identity.told(CredentialIssued)[-1]
    assert api.opens(party.document_number, former)
    identity.hear(letter(LetterSent, new.credential_id))
    assert not api.opens(party.document_number, former)
    assert api.opens(party.document_number, identity.open(new))
    assert [e.reason for e in identity.told(CredentialRevoked)] == ["superseded"]


@pytest.mark.parametrize(
    "ending",
    [(LetterCancelled, {"reason": "staff"}), (LetterFailed, {"answer": "550"}), (LetterBounced, {"answer": "x"})],
)
def test_a_letter_that_does_not_go_out_takes_the_new_password_and_leaves_the_old_one(
    identity: Identity, ending
) -> None:
    party, api = identity.add_party(), identity.client()
    former = _delivered(identity, party.party_id)
    api.issue(party.party_id)
    new = identity.told(CredentialIssued)[-1]
    identity.hear(letter(ending[0], new.credential_id, **ending[1]))
    assert api.opens(party.document_number, former)
    assert not api.opens(party.document_number, identity.open(new))


def test_a_letter_that_comes_back_gives_the_former_password_back(identity: Identity) -> None:
    party, api = identity.add_party(), identity.client()
    former = _delivered(identity, party.party_id)
    api.issue(party.party_id)
    new = identity.told(CredentialIssued)[-1]
    identity.hear(letter(LetterSent, new.credential_id), letter(LetterBounced, new.credential_id, answer="550 5.1.1"))
    assert not api.opens(party.document_number, identity.open(new))
    assert api.opens(party.document_number, former)
    back, ended = identity.told(CredentialActivated)[-1], identity.told(CredentialRevoked)
    assert back.how == "restored"
    assert back.credential_id not in {event.credential_id for event in ended}  # the others remember who ended


def test_using_the_new_password_before_its_letter_is_reported_settles_it(identity: Identity) -> None:
    party, api = identity.add_party(), identity.client()
    former = _delivered(identity, party.party_id)
    api.issue(party.party_id)
    new = identity.told(CredentialIssued)[-1]
    assert api.opens(party.document_number, identity.open(new))
    assert not api.opens(party.document_number, former)
    identity.hear(letter(LetterCancelled, new.credential_id, reason="staff"))  # too late: it is in somebody's hands
    assert api.opens(party.document_number, identity.open(new))
    assert identity.told(CredentialActivated)[-1].how == "used"


def test_issuing_again_while_a_letter_waits_replaces_it(identity: Identity) -> None:
    party, api = identity.add_party(), identity.client()
    api.issue(party.party_id)
    api.issue(party.party_id)
    first, second = identity.told(CredentialIssued)
    assert (first.replaces, second.replaces) == (None, first.credential_id)
    assert not api.opens(party.document_number, identity.open(first))
    assert [e.reason for e in identity.told(CredentialRevoked)] == ["replaced"]
    states = {item["id"]: item["state"] for item in api.get(f"/parties/{party.party_id}/credentials").json["items"]}
    assert states == {str(first.credential_id): "replaced", str(second.credential_id): "issued"}


def test_an_unused_initial_password_expires_after_seven_days(identity: Identity) -> None:
    party, api = identity.add_party(), identity.client()
    password = _delivered(identity, party.party_id)
    with time_machine.travel(clock.now() + timedelta(days=7, minutes=1), tick=True):
        later = identity.client()
        assert not later.opens(party.document_number, password)  # at once, not only after the job
        expire_unused(identity.db)
        items = later.get(f"/parties/{party.party_id}/credentials").json
        assert [item["state"] for item in items["items"]] == ["expired"]
        assert items["can_sign_in"] is False
    assert api.get(f"/parties/{uuid.uuid4()}/credentials").json == {"items": [], "can_sign_in": False}


def test_a_used_password_does_not_expire(identity: Identity) -> None:
    party, api = identity.add_party(), identity.client()
    password = _delivered(identity, party.party_id)
    assert api.opens(party.document_number, password)
    with time_machine.travel(clock.now() + timedelta(days=30), tick=True):
        expire_unused(identity.db)
        assert identity.client().opens(party.document_number, password)


def test_an_inactive_party_is_suspended_and_comes_back(identity: Identity) -> None:
    told = make_party()
    identity.hear(told)
    password, api = _delivered(identity, told.party_id), identity.client()
    identity.hear(_changed(told, version=2, active=False))
    assert not api.opens(told.document_number, password)
    assert api.issue(told.party_id).status_code == 409
    identity.hear(told)  # an old event that comes late changes nothing
    assert not api.opens(told.document_number, password)
    identity.hear(_changed(told, version=3, active=True))
    assert api.opens(told.document_number, password)


def test_revoking_ends_everything_at_once(identity: Identity) -> None:
    party, api = identity.add_party(), identity.client()
    password = _delivered(identity, party.party_id)
    api.issue(party.party_id)
    assert api.post(f"/parties/{party.party_id}/credentials/revoke").json == {"revoked": 2}
    assert not api.opens(party.document_number, password)
    assert api.post(f"/parties/{party.party_id}/credentials/revoke").json == {"revoked": 0}


@pytest.mark.parametrize(
    ("party", "status", "reason"),
    [
        ({"email": None}, 409, "no_email"),
        ({"email_state": "bounced"}, 409, "blocked_address"),
        ({"email_state": "blocked"}, 409, "blocked_address"),
        ({"active": False}, 409, "inactive"),
    ],
)
def test_who_cannot_get_a_letter_gets_no_credential_either(identity: Identity, party, status, reason) -> None:
    told, api = identity.add_party(**party), identity.client()
    answer = api.issue(told.party_id)
    assert (answer.status_code, answer.json["reason"]) == (status, reason)
    assert identity.told() == []
    assert api.get(f"/parties/{told.party_id}/credentials").json["items"] == []


def test_without_a_letter_the_password_is_told_once(identity: Identity) -> None:
    party, api = identity.add_party(email=None), identity.client()
    answer = api.post(
        "/credentials", {"party_id": str(party.party_id), "mode": "random", "delivery": "none"}, key="k-1"
    )
    assert answer.status_code == 201
    assert answer.json["letter"] is False
    assert api.opens(party.document_number, answer.json["password"])
    again = api.post("/credentials", {"party_id": str(party.party_id), "mode": "random", "delivery": "none"}, key="k-1")
    assert again.status_code == 409
    assert len(identity.told(CredentialIssued)) == 1


@pytest.mark.parametrize(
    ("password", "word"),
    [("corta", "corta"), ("contraseña123", "adivinar"), ("é" * 36 + "x", "larga"), ("a\x00bcdefghijk", "teclear")],
)
def test_a_typed_password_that_is_no_good_is_refused_at_its_field(identity: Identity, password, word) -> None:
    party, api = identity.add_party(), identity.client()
    answer = api.issue(party.party_id, mode="manual", password=password)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json["errors"]] == ["password"]
    assert identity.told() == []


def test_a_typed_password_works_and_is_tested_beside_the_chosen_one_with_one_computation(identity: Identity) -> None:
    party, api = identity.add_party(), identity.client()
    api.issue(party.party_id, mode="manual", password="Lápiz-verde-trece", delivery="none")
    assert api.opens(party.document_number, unicodedata.normalize("NFD", "Lápiz-verde-trece"))  # another keyboard
    api.issue(party.party_id, mode="manual", password="Otra-cosa-distinta-9")
    assert api.opens(party.document_number, "Lápiz-verde-trece")
    assert api.opens(party.document_number, "Otra-cosa-distinta-9")
    assert not api.opens(party.document_number, "Lápiz-verde-trece")


def _delivered(identity: Identity, party_id: uuid.UUID) -> str:
    """Issue and deliver; returns the password as the letter says it."""
    answer = identity.client().issue(party_id)
    assert answer.status_code == 201, answer.text
    told = identity.told(CredentialIssued)[-1]
    identity.hear(letter(LetterSent, told.credential_id))
    return identity.open(told)


def _changed(told, **changes):
    from dataclasses import asdict

    from shared.events.directory import Email, PartyUpdated

    values = asdict(told) | changes
    values["emails"] = [Email(**email) for email in values["emails"]]
    return PartyUpdated(**values)
