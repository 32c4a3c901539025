"""The state of e-mail addresses: what the mailer tells, what an agent says, and why an address is in its state."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from services.directory.consumers import HANDLERS
from shared import clock
from shared.db import new_id
from shared.events.directory import AddressCleared, PartyUpdated
from shared.events.mailer import AddressReleased, AddressSuppressed, LetterBounced
from tests.support.directory import OFFICE, directory, form_of

SHARED: list[dict[str, Any]] = [{"address": "Casa@example.com", "principal": True}, {"address": "otra@example.com"}]


@pytest.fixture
def made(tmp_path, database_url):
    with directory(tmp_path, database_url) as opened:
        yield opened


def bounced(address, at=None, party=None):
    return LetterBounced(
        letter_id=new_id(),
        kind="credential",
        address=address,
        at=at or clock.now(),
        party_id=party and uuid.UUID(party["id"]),
        answer="550 5.1.1 no such user",
    )


def suppressed(address, at=None, reason="manual"):
    return AddressSuppressed(address=address, reason=reason, at=at or clock.now())


def released(address, at=None):
    return AddressReleased(address=address, at=at or clock.now())


def states(made, party):
    return [email["state"] for email in made.call("GET", f"/parties/{party['id']}").json["emails"]]


def log(made, party):
    items = made.call("GET", f"/parties/{party['id']}/changes").json["items"]
    return [(item["field"], item["before"], item["after"], item["actor_kind"]) for item in items]


def test_a_returned_letter_marks_its_address_in_every_party_that_has_it(made):
    first, second, other = made.register(1, emails=SHARED), made.register(2, emails=SHARED), made.register(3)
    made.forget_told()
    made.hear(bounced("CASA@example.com"))
    assert [states(made, party) for party in (first, second, other)] == [
        ["bounced", "unverified"],
        ["bounced", "unverified"],
        ["unverified"],
    ]
    assert [(type(event), event.version, event.emails[0].state) for event in made.told()] == [
        (PartyUpdated, 2, "bounced"),
        (PartyUpdated, 2, "bounced"),
    ]
    assert log(made, first)[0] == ("email_state", "unverified", "bounced", "system")
    assert made.names("email_state=bounced") == ["Persona 1", "Persona 2"]


def test_the_same_twice_and_unknown_addresses_do_nothing(made):
    party = made.register(1, emails=SHARED)
    made.hear(bounced("casa@example.com"))
    made.forget_told()
    made.hear(bounced("casa@example.com"), bounced("nobody@example.com"), released("otra@example.com"))
    assert made.told() == []
    assert made.call("GET", f"/parties/{party['id']}").json["version"] == 2


def test_staff_of_the_mailer_blocks_and_releases(made):
    party = made.register(1, emails=SHARED)
    made.hear(suppressed("casa@example.com"))
    assert states(made, party) == ["blocked", "unverified"]
    made.hear(bounced("casa@example.com"))
    assert states(made, party) == ["blocked", "unverified"]
    made.hear(released("casa@example.com"))
    assert states(made, party) == ["unverified", "unverified"]
    made.hear(suppressed("casa@example.com", reason="bounced"))
    assert states(made, party) == ["bounced", "unverified"]
    assert not [event for event in made.told() if isinstance(event, AddressCleared)]


def test_what_was_said_before_the_last_word_changes_nothing(made):
    party = made.register(1, emails=SHARED)
    early, late = clock.now() - timedelta(hours=2), clock.now() - timedelta(hours=1)
    made.hear(released("casa@example.com", early), bounced("casa@example.com", late))
    made.hear(suppressed("casa@example.com", early))
    assert states(made, party) == ["bounced", "unverified"]
    made.call("PATCH", f"/parties/{party['id']}", json={"emails": [{**SHARED[0], "state": "valid"}, SHARED[1]]})
    made.hear(bounced("casa@example.com", late))
    assert states(made, party) == ["valid", "unverified"]


def test_many_at_once_are_done_in_one_transaction(made):
    parties = [made.register(number) for number in range(1, 6)]
    with made.db.write() as session:
        HANDLERS[LetterBounced](session, [bounced(f"persona{number}@example.com") for number in range(1, 6)])
    assert [states(made, party) for party in parties] == [["bounced"]] * 5


@pytest.mark.parametrize("event", [bounced, suppressed])
def test_an_agent_who_clears_an_address_tells_the_mailer(made, event):
    party = made.register(1, emails=SHARED)
    made.hear(event("casa@example.com"))
    made.forget_told()
    emails = [{**SHARED[0], "state": "valid"}, SHARED[1]]
    made.call("PATCH", f"/parties/{party['id']}", json={"emails": emails})
    (cleared,) = [event for event in made.told() if isinstance(event, AddressCleared)]
    assert (str(cleared.party_id), cleared.address) == (party["id"], "Casa@example.com")
    made.forget_told()
    made.call("PATCH", f"/parties/{party['id']}", json={"emails": emails, "notes": "x"})
    assert [type(event) for event in made.told()] == [PartyUpdated]


def test_the_page_says_why_and_an_agent_allows_letters_again_after_a_question(made):
    party = made.register(1, emails=SHARED)
    made.hear(bounced("casa@example.com"))
    office, path = made.office(), f"/parties/{party['id']}"
    page = office.get(path).text
    assert "Una carta fue devuelta el" in page
    assert "550 5.1.1 no such user" in page
    assert "Volver a permitir cartas" in page
    assert "Volver a permitir cartas" not in made.office("auditor").get(path).text
    question = f"{path}/allow?address=casa@example.com"
    assert "¿Volver a permitir cartas a Casa@example.com?" in office.get(question).text
    assert states(made, party) == ["bounced", "unverified"]
    answer = office.post(f"{path}/allow", question)
    assert "Ya se puede volver a escribir a Casa@example.com" in office.client.get(answer.location).text
    assert states(made, party) == ["unverified", "unverified"]
    assert log(made, party)[0] == ("email_state", "bounced", "unverified", "staff")
    assert office.get(question).status_code == 303


def test_a_question_that_was_open_while_somebody_changed_the_party_does_nothing(made):
    party = made.register(1, emails=SHARED)
    made.hear(bounced("casa@example.com"))
    office, path = made.office(), f"/parties/{party['id']}/allow"
    hidden = office.hidden(f"{path}?address=casa@example.com")
    made.call("PATCH", f"/parties/{party['id']}", json={"name": "Otra"})
    office.client.post(f"/backoffice/directory{path}", data=hidden)
    assert states(made, party) == ["bounced", "unverified"]


def test_a_state_keeps_its_reason_when_other_things_of_the_party_change(made):
    party = made.register(1, emails=SHARED)
    made.hear(bounced("casa@example.com"))
    emails = [{"address": "nueva@example.com", "principal": True}, {"address": "Casa@example.com"}]
    made.call("PATCH", f"/parties/{party['id']}", json={"emails": emails})
    page = made.office().get(f"/parties/{party['id']}").text
    assert "550 5.1.1 no such user" in page
    fields = [entry[:3] for entry in log(made, party)]
    assert ("principal_email", "Casa@example.com", "nueva@example.com") in fields
    assert ("email", "otra@example.com", "") in fields


@pytest.mark.parametrize(
    ("address", "chosen", "state"),
    [
        ("nueva@example.com", "bounced", "unverified"),  # written in the place of the old one, the list untouched
        ("nueva@example.com", "blocked", "blocked"),  # the agent said so
        ("casa@EXAMPLE.com", "bounced", "bounced"),  # the same address in another spelling
        ("Casa@example.com", "valid", "valid"),
    ],
)
def test_an_address_written_in_the_place_of_one_that_bounced_may_be_written_to(made, address, chosen, state):
    party = made.register(1, emails=SHARED[:1])
    made.hear(bounced("casa@example.com"))
    office, path = made.office(), f"/parties/{party['id']}/edit"
    sent = form_of(party) | office.hidden(path) | {"email-0": address, "email-0-state": chosen}
    assert office.client.post(OFFICE + path, data=sent).status_code == 303
    assert states(made, party) == [state]
