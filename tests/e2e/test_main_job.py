"""The main job over REST alone, as another system does it, on PostgreSQL, RabbitMQ and a real SMTP listener."""

import json
import secrets
from collections import Counter
from collections.abc import Iterator
from typing import Any

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


class Listener:
    """A client of RabbitMQ that knows nothing of ours: hears every event, and sends some."""

    def __init__(self, url: str) -> None:
        self._connection = pika.BlockingConnection(pika.URLParameters(url))
        self._channel = self._connection.channel()
        self._queue = self._channel.queue_declare("", exclusive=True).method.queue
        self._channel.queue_bind(self._queue, "porteria.events", "porteria.#")
        self.heard: list[dict[str, Any]] = []

    def send(self, event: dict[str, Any]) -> None:
        """Publish an event as another system does."""
        properties = pika.BasicProperties(content_type="application/cloudevents+json", delivery_mode=2)
        self._channel.basic_publish("porteria.events", event["type"], json.dumps(event).encode(), properties)

    def has(self, *nouns: str, party: str) -> bool:
        """Whether all of these were told about a party by now."""
        method, properties, body = self._channel.basic_get(self._queue, auto_ack=True)
        if method is not None:
            assert properties.content_type == "application/cloudevents+json"
            event = json.loads(body)
            assert (event["specversion"], event["type"]) == ("1.0", method.routing_key)
            self.heard.append(event)
        return set(nouns) <= set(self.about(party))

    def about(self, party: str) -> dict[str, list[dict[str, Any]]]:
        """What was told about a party; letters of former tests may still be told of."""
        found: dict[str, list[dict[str, Any]]] = {}
        for event in self.heard:
            data = event["data"]
            if party in (data.get("party_id"), data.get("reader", {}).get("party_id")):
                found.setdefault(event["type"].split(".")[2], []).append(event["data"])
        return found

    def close(self) -> None:
        """Hear no more."""
        self._connection.close()


@pytest.fixture
def listener(system: System) -> Iterator[Listener]:
    made = Listener(system.broker_url or "")
    yield made
    made.close()


def test_an_independent_client_reads_cloud_events_from_the_exchange(system: System, listener: Listener) -> None:
    api = system.client()
    party = api.post("directory/v1/parties", person(600))["id"]
    api.post("identity/v1/credentials", {"party_id": party, "mode": "random", "delivery": "password"})
    told = ("PartyRegistered", "CredentialIssued", "LetterSent", "CredentialActivated")
    wait_until(
        lambda: listener.has(*told, party=party), timeout=30, message=lambda: f"heard only {listener.about(party)}"
    )


def test_an_invoice_from_the_bus_is_paid_over_rest_and_all_of_it_is_told(
    system: System, listener: Listener, sink: SmtpSink
) -> None:
    api, someone = system.client(), person(601)
    party = api.post("directory/v1/parties", someone)["id"]
    billed = {
        "external_id": "ERP-1",
        "number": "SETP-990000123",
        "issued_on": "2026-11-01",
        "due_on": "2026-11-05",
        "currency": "COP",
        "total": "1942500.00",
        "lines": [
            {
                "description": "Arriendo local 12",
                "quantity": "1",
                "unit_price": "1750000",
                "taxes": [{"name": "IVA", "rate": "19", "amount": "332500.00"}],
                "withholdings": [{"name": "ReteFuente", "rate": "8", "amount": "140000.00"}],
            }
        ],
        "document_type": someone["document_type"],
        "document_number": someone["document_number"],
    }
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": "88123",
        "source": "/erp",
        "type": "external.billing.InvoiceIssued.v1",
    }
    event |= {"time": "2026-11-02T14:30:00Z", "datacontenttype": "application/json", "data": billed}
    for _ in range(3):
        listener.send(event)
    wait_until(lambda: listener.has("InvoiceIssued", party=party), timeout=30, message="no invoice was told of")
    (invoice,) = api.get("portal/v1/invoices", q="SETP-990000123")["items"]
    assert (invoice["total"], invoice["balance"]) == ("1942500.00", "1942500.00")

    money = {"party_id": party, "currency": "COP", "amount": "2000000.00", "method": "transfer"}
    api.post("portal/v1/payments", money | {"invoices": [{"invoice_id": invoice["id"]}]})
    told = ("PaymentReceived", "InvoicePaid", "LetterSent")
    wait_until(lambda: listener.has(*told, party=party), timeout=30, message=lambda: f"only {listener.about(party)}")
    heard = listener.about(party)
    assert [len(heard[noun]) for noun in ("InvoiceIssued", "PaymentReceived", "InvoicePaid")] == [1, 1, 1]
    assert heard["PaymentReceived"][0]["unapplied"] == "57500.00"
    assert any("RC-" in message.text for message in sink.messages), "the receipt did not arrive"


def test_a_letter_about_a_void_invoice_stays_and_who_wants_none_gets_no_more(
    system: System, listener: Listener, sink: SmtpSink
) -> None:
    api = system.client()
    party = api.post("directory/v1/parties", person(602))["id"]

    def bill(amount: str) -> str:
        body = {"party_id": party, "due_on": "2099-01-31", "lines": [{"description": "Arriendo", "unit_price": amount}]}

        def issued() -> str | None:
            answer = api.call("POST", "portal/v1/invoices", json=body)
            return str(answer.json()["id"]) if answer.ok else None

        return wait_until(issued, timeout=30)

    api.post("mailer/v1/queue/pause")
    wrong, right = bill("1000"), bill("2000")
    api.post(f"portal/v1/invoices/{wrong}/void", {"reason": "Valor equivocado"})
    told = ("NoticeRaised", "LetterCancelled")
    wait_until(lambda: listener.has(*told, party=party), timeout=30, message=lambda: f"only {listener.about(party)}")
    withdrawn = [one["data"] for one in listener.heard if one["type"] == "porteria.portal.NoticeWithdrawn.v1"]
    assert [one["reason"] for one in withdrawn] == ["voided"]
    assert withdrawn[0]["notice_id"] == listener.about(party)["LetterCancelled"][0]["notice_id"]
    api.post("mailer/v1/queue/resume")
    wait_until(lambda: listener.has("LetterSent", party=party), timeout=30)

    (letter,) = [one for one in sink.messages if "persona602@example.com" in one.recipients]
    assert right in letter.text
    assert wrong not in letter.text
    assert letter.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stop = letter.message["List-Unsubscribe"].strip("<>")
    assert requests.post(stop, data={"List-Unsubscribe": "One-Click"}, timeout=20).ok
    third = bill("3000")
    api.post("portal/v1/payments", {"party_id": party, "amount": "3000", "method": "cash", "currency": "COP"})
    wait_until(lambda: any("RC-" in one.text for one in sink.messages if "602@" in one.recipients[0]), timeout=30)
    assert not any(third in one.text for one in sink.messages), "the invoice's letter came although nobody wants it"


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
