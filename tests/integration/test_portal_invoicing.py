"""Invoices and payments over REST: what another system sends, reads, corrects, and what it is told is wrong."""

import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from services.portal.app import create_app
from services.portal.consumers import HANDLERS
from services.portal.models import Invoice, Payment, Series
from services.portal.settings import Settings
from shared.db import Database
from tests.support.billing import issue, today
from tests.support.clientarea import PUBLIC_URL, party_event
from tests.support.schema import migrated
from tests.support.web import Issuer

ALL = "invoices:read invoices:write payments:read payments:write"
RENT = {
    "description": "Canon de noviembre",
    "quantity": "1",
    "unit_price": "1000000",
    "taxes": [{"name": "IVA", "rate": "19"}],
    "withholdings": [{"name": "ReteFuente", "rate": "3.5"}],
}


both = pytest.mark.parametrize("db", ["sqlite_url", "postgres_url"], indirect=True)


@pytest.fixture
def db(request, tmp_path):
    url = request.getfixturevalue(getattr(request, "param", "sqlite_url"))
    made = Database(Settings(data=tmp_path, database_pattern=url).database_url("portal"))
    migrated("portal", made)
    yield made
    made.dispose()


class Program:
    """Another system, with a token for everything."""

    def __init__(self, db: Database, folder: Any) -> None:
        issuer = Issuer()
        settings = Settings(public_url=PUBLIC_URL, data=folder)
        self.client = create_app(settings, db, token_keys=issuer.keys).test_client()
        self.headers = issuer.bearer(ALL) | {"Accept-Language": "en"}

    def get(self, path: str, **query: str) -> Any:
        answer = self.client.get(f"/api/portal/v1{path}", headers=self.headers, query_string=query)
        assert answer.status_code == 200, answer.text
        return answer.json

    def post(self, path: str, body: Any = None, status: int = 201, key: str = "") -> Any:
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        answer = self.client.post(f"/api/portal/v1{path}", headers=headers, json=body if body is not None else {})
        assert answer.status_code == status, answer.text
        return answer.json

    def refused(self, path: str, body: Any, status: int = 422) -> dict[str, str]:
        """What is wrong, by field."""
        return {error["field"]: error["message"] for error in self.post(path, body, status).get("errors", [])}


@pytest.fixture
def erp(db, tmp_path):
    return Program(db, tmp_path)


@pytest.fixture
def tenant(db):
    return known(db, 1)


def known(db: Database, number: int) -> Any:
    """The event of a party that the portal has heard of."""
    event = party_event(number)
    with db.write() as session:
        HANDLERS[type(event)](session, [event])
    return event


def bill(party: Any, **changes: Any) -> dict[str, Any]:
    plain = {"party_id": str(party.party_id), "currency": "COP", "due_on": str(today() + timedelta(5)), "lines": [RENT]}
    return {name: value for name, value in (plain | changes).items() if value is not None}


def count(db: Database, table: Any) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@both
def test_an_invoice_is_computed_numbered_and_shown(erp, tenant):
    made = erp.post("/invoices", bill(tenant, total="1155000.00", property_name="Calle 10 # 5-20"))
    assert (made["number"], made["state"]) == ("FV-000001", "issued")
    assert [made[name] for name in ("subtotal", "tax_total", "withholding_total", "total", "balance")] == [
        *("1000000.00", "190000.00", "35000.00", "1155000.00", "1155000.00")
    ]
    assert made["concept"] == made["lines"][0]["description"] == "Canon de noviembre"
    assert made["lines"][0]["taxes"] == [{"name": "IVA", "rate": "19", "amount": "190000.00"}]
    assert made["party"]["name"] == tenant.name
    assert erp.get(f"/invoices/{made['id']}") == made


def test_the_example_of_the_documentation_works(erp, tenant):
    text = Path("docs/integrating.md").read_text().partition("POST /api/portal/v1/invoices\n")[2]
    example = json.JSONDecoder().raw_decode(text[text.index("{") :])[0]
    named = {"document_type": tenant.document_type, "document_number": tenant.document_number}
    made = erp.post("/invoices", example | named)
    assert (made["total"], made["external_id"]) == (example["total"], example["external_id"])


@pytest.mark.parametrize(
    "named",
    [
        lambda party: {"document_type": party.document_type, "document_number": party.document_number},
        lambda party: {"code": party.code},
    ],
    ids=["document", "code"],
)
def test_a_party_is_named_by_what_the_other_system_knows(erp, tenant, named):
    made = erp.post("/invoices", bill(tenant, party_id=None, **named(tenant)))
    assert made["party"]["id"] == str(tenant.party_id)


@both
def test_the_same_invoice_again_is_one_invoice(erp, db, tenant):
    first = erp.post("/invoices", bill(tenant, external_id="A-1"), key="one")
    assert erp.post("/invoices", bill(tenant, external_id="A-1"), key="one") == first
    assert erp.post("/invoices", bill(tenant, external_id="A-1")) == first
    other = bill(tenant, external_id="A-1", due_on=str(today() + timedelta(9)))
    assert "external_id" in erp.refused("/invoices", other, 409)
    assert count(db, Invoice) == 1


def test_what_is_wrong_is_told_at_its_field(erp, db, tenant):
    wrong = {
        "party_id": bill(tenant, party_id=str(uuid.uuid4())),
        "code": bill(tenant, party_id=None, code="C-999999"),
        "document_number": bill(tenant, party_id=None, document_type="CC", document_number="1234567890123"),
        "total": bill(tenant, total="1155000.01"),
        "due_on": bill(tenant, due_on=str(today() - timedelta(1))),
        "currency": bill(tenant, currency="XXX"),
        "lines.0.unit_price": bill(tenant, lines=[RENT | {"unit_price": "1e9"}]),
        "lines.0.taxes.0.rate": bill(tenant, lines=[RENT | {"taxes": [{"name": "IVA", "rate": "NaN"}]}]),
        "lines.0.taxes.0.amount": bill(
            tenant, lines=[RENT | {"taxes": [{"name": "IVA", "rate": "19", "amount": "190001.01"}]}]
        ),
        "number": bill(tenant, draft=True, number="X-1"),
    }
    assert {field: list(erp.refused("/invoices", body)) for field, body in wrong.items()} == {
        field: [field] for field in wrong
    }
    assert erp.refused("/invoices", bill(tenant, party_id=None))["party_id"].startswith("Say who it is for")
    erp.post("/invoices", bill(tenant, lines=[RENT | {"unit_price": "999999999999.99"}]), 422)  # too large with taxes
    erp.post("/invoices", bill(tenant, lines=[RENT | {"unit_price": "0"}]), 422)
    assert count(db, Invoice) == 0


def test_taxes_as_the_sender_rounded_them_are_kept(erp, tenant):
    line = RENT | {"unit_price": "33333.33", "taxes": [{"name": "IVA", "rate": "19", "amount": "6333"}]}
    made = erp.post("/invoices", bill(tenant, lines=[line | {"withholdings": []}], total="39666.33"))
    assert (made["tax_total"], made["total"]) == ("6333.00", "39666.33")


def test_a_number_from_outside_is_taken_once_and_our_series_goes_around_it(erp, tenant):
    assert erp.post("/invoices", bill(tenant, number="FV-000002"))["number"] == "FV-000002"
    assert "number" in erp.refused("/invoices", bill(tenant, number="FV-000002"), 409)
    assert [erp.post("/invoices", bill(tenant))["number"] for _ in range(2)] == ["FV-000001", "FV-000003"]


def test_a_draft_is_issued_later(erp, tenant):
    draft = erp.post("/invoices", bill(tenant, draft=True))
    assert (draft["number"], draft["state"]) == (None, "draft")
    issued = erp.post(f"/invoices/{draft['id']}/issue", status=200)
    assert (issued["number"], issued["state"], issued["id"]) == ("FV-000001", "issued", draft["id"])
    erp.post(f"/invoices/{draft['id']}/issue", status=409)


def test_money_pays_invoices_in_order_and_the_rest_is_credit(erp, tenant):
    first, second = (erp.post("/invoices", bill(tenant))["id"] for _ in range(2))
    sent = {
        "party_id": str(tenant.party_id),
        "currency": "COP",
        "amount": "1200000",
        "method": "transfer",
        "invoices": [{"invoice_id": first}, {"invoice_id": second, "amount": "40000.50"}],
    }
    paid = erp.post("/payments", sent, key="p1")
    assert erp.post("/payments", sent, key="p1") == paid
    assert (paid["receipt_number"], paid["unapplied"]) == ("RC-000001", "4999.50")
    assert [one["amount"] for one in paid["applied"]] == ["1155000.00", "40000.50"]
    assert erp.get(f"/payments/{paid['id']}") == erp.get("/payments", q="RC-0")["items"][0] == paid
    assert [erp.get(f"/invoices/{one}")["state"] for one in (first, second)] == ["paid", "partly_paid"]
    assert erp.get(f"/invoices/{second}")["applied"] == [paid["applied"][1]]


def test_money_for_what_is_not_theirs_is_refused(erp, db, tenant):
    other = issue(db, known(db, 2).party_id)
    sent = {"party_id": str(tenant.party_id), "currency": "COP", "amount": "10", "method": "cash"}
    for wrong in (str(other.id), str(uuid.uuid4())):
        assert list(erp.refused("/payments", sent | {"invoices": [{"invoice_id": wrong}]})) == ["invoices.0.invoice_id"]
    assert list(erp.refused("/payments", sent | {"received_on": str(today() + timedelta(1))})) == ["received_on"]
    assert list(erp.refused("/payments", sent | {"amount": "0"})) == ["amount"]
    assert count(db, Payment) == 0


def test_an_invoice_is_corrected_or_voided(erp, tenant):
    first, second = (erp.post("/invoices", bill(tenant))["id"] for _ in range(2))
    erp.post(f"/invoices/{first}/credit-notes", {"reason": "Rebaja", "amount": "1155000.01"}, 422)
    note = erp.post(f"/invoices/{first}/credit-notes", {"reason": "Rebaja", "amount": "155000"})
    assert (note["kind"], note["corrects_id"], note["total"], note["state"]) == (
        "credit_note",
        first,
        "155000.00",
        "paid",
    )
    assert erp.get(f"/invoices/{first}")["balance"] == "1000000.00"
    assert erp.post(f"/invoices/{first}/credit-notes", {"reason": "El resto"})["total"] == "1000000.00"
    assert erp.get(f"/invoices/{first}")["state"] == "credited"
    erp.post(f"/invoices/{first}/void", {"reason": "Error"}, 409)
    voided = erp.post(f"/invoices/{second}/void", {"reason": "Error"}, 200)
    assert (voided["state"], voided["balance"], voided["reason"]) == ("void", "0.00", "Error")
    erp.post(f"/invoices/{second}/void", {"reason": "Error"}, 409)
    erp.post(f"/invoices/{uuid.uuid4()}/void", {"reason": "Error"}, 404)


@both
def test_lists_are_filtered_and_paged(erp, db, tenant):
    late = issue(db, tenant.party_id, due_in=-3)
    other = known(db, 2)
    ours = [issue(db, tenant.party_id, role="owner").number for _ in range(3)]
    issue(db, other.party_id, currency="USD")

    def numbers(**query: str) -> list[str]:
        return [one["number"] for one in erp.get("/invoices", **query)["items"]]

    assert numbers(state="overdue") == [late.number]
    assert numbers(role="owner") == numbers(q=tenant.name, role="owner") == ours[::-1]
    assert numbers(q=tenant.document_number, state="issued") == ours[::-1]
    assert numbers(q="fv-00000") == numbers() == numbers(q=" ")
    assert numbers(currency="USD") == numbers(party_id=str(other.party_id)) == numbers(q=other.code)
    assert numbers(due_until=str(today())) == [late.number]
    assert numbers(q="nobody") == numbers(issued_from=str(today() + timedelta(1))) == []
    first = erp.get("/invoices", limit="3")
    assert [one["number"] for one in first["items"]] + numbers(limit="3", cursor=first["next"]) == numbers()


def test_a_series_that_has_ended_gives_no_number(erp, db, tenant):
    with db.write() as session:
        session.scalars(select(Series).where(Series.purpose == "invoice")).one().last_number = 1
    assert erp.post("/invoices", bill(tenant))["number"] == "FV-000001"
    erp.post("/invoices", bill(tenant), 409)
