"""The main job over REST alone, as another system does it, on PostgreSQL, RabbitMQ and a real SMTP listener."""

import json
import secrets
from collections import Counter

import pika
import pytest
import requests

from tests.support import letters
from tests.support.people import as_csv, person
from tests.support.smtp import SmtpSink
from tests.support.system import Client, System
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e

TENANTS, OWNERS = 30, 50


def import_agency(api: Client) -> dict[str, str]:
    """Import tenants and owners; returns document to party id of the owners."""
    people = [person(number) for number in range(TENANTS)]
    people += [person(number, classes="owner") for number in range(100, 100 + OWNERS)]
    state = api.import_csv(as_csv(people))
    assert (state["state"], state["created"]) == ("finished", TENANTS + OWNERS), state
    return {party["document_number"]: party["id"] for party in api.all("directory/v1/parties", **{"class": "owner"})}


def counts(api: Client, **chosen: str) -> dict[str, int]:
    """State to number of the letters of a batch or a party."""
    return dict(Counter(letter["state"] for letter in api.all("mailer/v1/letters", **chosen)))


def test_from_a_list_of_people_to_a_key_in_each_hand(system: System, sink: SmtpSink) -> None:
    api = system.client()
    owners = import_agency(api)
    assert len(owners) == OWNERS

    # Somebody who had a key before.
    before = next(iter(owners))
    api.post("identity/v1/credentials", {"party_id": owners[before], "mode": "random", "delivery": "password"})
    wait_until(lambda: sink.messages, message="the single letter did not arrive")
    login, former = letters.credentials(sink.messages[0])
    wait_until(
        lambda: counts(api, party_id=owners[before]) == {"sent": 1}, message="the letter is not recorded as sent"
    )
    sink.messages.clear()

    # To all owners except two, with the queue paused so that something is left to cancel.
    left_out = list(owners.values())[-2:]
    sink.hold()
    batch = api.issue_batch(classes=["owner"], scope="except", party_ids=left_out)
    assert (batch["total"], batch["issued"], batch["state"]) == (OWNERS - 2, OWNERS - 2, "finished")
    wait_until(lambda: sum(counts(api, batch_id=batch["id"]).values()) == OWNERS - 2, message="letters are missing")
    wait_until(lambda: "sending" in counts(api, batch_id=batch["id"]), message="no letter is being sent")
    api.post("mailer/v1/queue/pause")
    sink.release()
    wait_until(lambda: "sending" not in counts(api, batch_id=batch["id"]), message="the letters in hand did not end")
    sent_before = counts(api, batch_id=batch["id"]).get("sent", 0)
    answer = api.post("mailer/v1/letters/cancel", {"batch_id": batch["id"]})
    api.post("mailer/v1/queue/resume")
    final = counts(api, batch_id=batch["id"])
    assert final == {"sent": sent_before, "cancelled": answer["cancelled"]}
    assert 0 < sent_before < OWNERS - 2, "nothing was sent or nothing was left to cancel: the test shows nothing"

    # Whoever got a letter signs in with it; nobody else has a new password; the former one still works.
    delivered = letters.passwords(sink.messages)
    assert len(delivered) == sent_before
    assert all(api.can_sign_in(user, password) for user, password in delivered.items())
    assert api.can_sign_in(login, former) == (login not in delivered)


def test_the_same_request_twice_is_one_batch_and_one_letter_each(system: System, sink: SmtpSink) -> None:
    api = system.client()
    ids = [api.post("directory/v1/parties", person(number))["id"] for number in range(500, 520)]
    key = {"Idempotency-Key": secrets.token_hex(8)}
    body = {"classes": ["tenant", "owner"], "scope": "only", "party_ids": ids, "delivery": "password"}
    first = api.post("identity/v1/credential-batches", body, headers=key)
    again = api.post("identity/v1/credential-batches", body, headers=key)
    assert first["id"] == again["id"]
    wait_until(lambda: counts(api, batch_id=first["id"]) == {"sent": 20}, timeout=60, message="letters are missing")
    assert len(letters.passwords(sink.messages)) == 20


def test_an_independent_client_reads_cloud_events_from_the_exchange(system: System) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(system.broker_url or ""))
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, "porteria.events", "porteria.#")
    api = system.client()
    party = api.post("directory/v1/parties", person(600))
    api.post("identity/v1/credentials", {"party_id": party["id"], "mode": "random", "delivery": "password"})
    seen: dict[str, dict[str, object]] = {}

    def heard() -> bool:
        method, properties, body = channel.basic_get(queue, auto_ack=True)
        if method is not None:
            assert properties.content_type == "application/cloudevents+json"
            event = json.loads(body)
            assert (event["specversion"], event["type"]) == ("1.0", method.routing_key)
            if event["data"]["party_id"] == party["id"]:  # letters of former tests may still be told of
                seen[event["type"]] = event
        return "porteria.identity.CredentialActivated.v1" in seen

    wait_until(heard, timeout=30, message=lambda: f"heard only {sorted(seen)}")
    connection.close()
    assert {"PartyRegistered", "CredentialIssued", "LetterSent", "CredentialActivated"} <= {
        name.split(".")[2] for name in seen
    }


@pytest.mark.parametrize(
    ("authorization", "status"),
    [(None, 401), ("Bearer nonsense", 401), ("Basic YTpi", 401), ("letters", 403)],
    ids=["none", "wrong", "basic", "other scope"],
)
def test_a_call_without_the_right_token_is_refused_as_a_problem(
    system: System, authorization: str | None, status: int
) -> None:
    if authorization == "letters":
        authorization = f"Bearer {system.client('letters:read').token()}"
    headers = {"Authorization": authorization} if authorization else {}
    answer = requests.get(f"{system.url}/api/directory/v1/parties", headers=headers, timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")


def test_an_address_corrected_a_moment_ago_is_the_one_that_gets_the_letter(system: System, sink: SmtpSink) -> None:
    api = system.client()
    party = api.post("directory/v1/parties", person(700))
    emails = [{"address": "corrected@example.com", "principal": True}]
    assert api.call("PATCH", f"directory/v1/parties/{party['id']}", json={"emails": emails}).ok
    issued = api.post("identity/v1/credentials", {"party_id": party["id"], "mode": "random", "delivery": "password"})
    assert issued["address"] == "corrected@example.com"
    wait_until(lambda: sink.messages, message="the letter did not arrive")
    assert [letter.recipients for letter in sink.messages] == [("corrected@example.com",)]


def test_the_copy_of_the_directory_can_be_built_anew(system: System) -> None:
    api = system.client()
    people = api.get("directory/v1/parties/count")["count"]
    assert people > 0
    assert str(people) in system.run("identity", "rebuild-parties")
    assert str(people) in system.run("portal", "rebuild-parties")
