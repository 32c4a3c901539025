"""Invoices that other systems issue, heard on the bus: each once, and never one that does not add up."""

import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from services.portal.clients.files import FileStore
from services.portal.consumers import HANDLERS, handlers
from services.portal.models import Invoice, StoredFile
from services.portal.settings import Settings
from shared import clock
from shared.bus import DeadLetter, Delivery
from shared.db import Database
from shared.events import decode, type_of
from shared.events.external import ExternalInvoiceIssued
from shared.events.portal import InvoiceIssued
from shared.inbox import Inbox, deferred
from shared.outbox import outbox
from tests.support.clientarea import party_event
from tests.support.documents import document_for
from tests.support.schema import migrated

PARTY = party_event(1)
KIND = type_of(ExternalInvoiceIssued)
LINE = {
    "description": "Arriendo local 12, noviembre",
    "quantity": "1",
    "unit_price": "1750000.00",
    "taxes": [{"name": "IVA", "rate": "19", "amount": "332500.00"}],
    "withholdings": [{"name": "ReteFuente", "rate": "8", "amount": "140000.00"}],
}
BILL = {
    "external_id": "ERP-1",
    "number": "SETP-990000123",
    "issued_on": "2026-11-01",
    "due_on": "2026-11-05",
    "currency": "COP",
    "total": "1942500.00",
    "lines": [LINE],
    "document_type": PARTY.document_type,
    "document_number": PARTY.document_number,
}


class Bus:
    """What arrives from outside, and what the inbox makes of it."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db, self.inbox = db, Inbox(db, handlers(FileStore(folder, 1 << 20)))

    def delivery(self, source: str = "/agencia/erp", **changes: Any) -> Delivery:
        envelope = {"id": str(uuid.uuid4()), "source": source, "type": KIND, "specversion": "1.0"}
        data = {name: value for name, value in (BILL | changes).items() if value is not None}
        return Delivery(json.dumps(envelope | {"data": data}).encode(), KIND, {}, None)

    def tell(self, source: str = "/agencia/erp", **changes: Any) -> list[DeadLetter]:
        return self.inbox.handle([self.delivery(source, **changes)])

    def invoices(self) -> list[Invoice]:
        with self.db.read() as session:
            return list(session.scalars(select(Invoice).order_by(Invoice.id)))

    def waiting(self) -> list[str]:
        """Why the messages that are tried again later failed."""
        with self.db.read() as session:
            return [row.error for row in session.execute(select(deferred))]

    def published(self) -> list[Any]:
        with self.db.read() as session:
            events = [decode(bytes(row.body)).event for row in session.execute(select(outbox).order_by(outbox.c.id))]
        return [event for event in events if isinstance(event, InvoiceIssued)]


both = pytest.mark.parametrize("bus", ["sqlite_url", "postgres_url"], indirect=True)


@pytest.fixture
def bus(request, tmp_path):
    url = request.getfixturevalue(getattr(request, "param", "sqlite_url"))
    db = Database(Settings(data=tmp_path, database_pattern=url).database_url("portal"))
    migrated("portal", db)
    yield Bus(db, tmp_path)
    db.dispose()


def register(bus: Bus) -> None:
    with bus.db.write() as session:
        HANDLERS[type(PARTY)](session, [PARTY])


@both
def test_an_invoice_from_outside_is_issued_once(bus):
    register(bus)
    first = bus.delivery()
    assert bus.inbox.handle([first, first, bus.delivery()]) == bus.tell() == []
    (invoice,) = bus.invoices()
    assert (invoice.number, invoice.state, invoice.party_id) == ("SETP-990000123", "issued", PARTY.party_id)
    assert (str(invoice.total), str(invoice.balance), invoice.concept) == (
        *("1942500.00", "1942500.00", "Arriendo local 12, noviembre"),
    )
    assert (invoice.source, invoice.external_id) == ("/agencia/erp", "ERP-1")
    (told,) = bus.published()
    assert (told.number, told.external_id, str(told.total)) == ("SETP-990000123", "ERP-1", "1942500.00")


def test_the_same_id_of_two_systems_is_two_invoices(bus):
    register(bus)
    assert bus.tell() == bus.tell(source="/agencia/otro", number="B-1") == []
    assert [one.number for one in bus.invoices()] == ["SETP-990000123", "B-1"]


@both
def test_an_invoice_that_comes_before_its_party_waits_for_it(bus):
    assert bus.tell() == []
    assert (bus.invoices(), bus.waiting()) == ([], ["PartyMissing"])
    register(bus)
    with time_machine.travel(clock.now() + timedelta(seconds=2)):
        bus.inbox.retry_deferred("memory://", "portal")
    assert ([one.number for one in bus.invoices()], bus.waiting()) == (["SETP-990000123"], [])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"total": "1942500.01"}, "total: total, expected 1942500.00"),
        ({"currency": "GBP"}, "wrong currency"),
        ({"due_on": "2026-10-31"}, "due_on: due, expected 2026-11-01"),
        ({"lines": []}, "wrong lines"),
        ({"lines": [LINE | {"quantity": "0"}]}, "wrong lines.0.quantity"),
        ({"lines": [LINE | {"taxes": [{"name": "IVA", "rate": "19", "amount": "1"}]}]}, "lines.0.taxes.0.amount: tax"),
        ({"document_type": "", "document_number": ""}, "no party is named"),
        ({"number": "A\nB"}, "wrong number"),
    ],
)
def test_what_cannot_be_right_is_dead_lettered_with_the_reason(bus, changes, reason):
    register(bus)
    (letter,) = bus.tell(**changes)
    assert letter.reason.startswith(reason)
    assert bus.invoices() == []


@both
def test_what_contradicts_an_invoice_that_is_there_is_dead_lettered(bus):
    register(bus)
    bus.tell()
    (taken,) = bus.tell(external_id="ERP-2")
    (other,) = bus.tell(due_on="2026-11-06")
    assert (taken.reason, other.reason) == (
        "number: another invoice has it",
        "external_id: it was sent before and said something else",
    )
    assert len(bus.invoices()) == 1


def test_one_bad_invoice_takes_no_others_along(bus):
    register(bus)
    letters = bus.inbox.handle(
        [
            bus.delivery(),
            bus.delivery(total="1.00", external_id="ERP-2"),
            bus.delivery(external_id="ERP-3", number="SETP-3"),
        ]
    )
    assert len(letters) == 1
    assert [one.external_id for one in bus.invoices()] == ["ERP-1", "ERP-3"]


def test_the_fiscal_document_of_an_invoice_comes_with_it(bus):
    register(bus)
    bus.tell()
    (invoice,) = bus.invoices()
    xml = document_for(invoice).decode()
    line = {"description": "Arriendo", "unit_price": "1.00", "quantity": "1"}
    (letter,) = bus.tell(external_id="ERP-2", number="SETP-2", total="1.00", lines=[line], xml=xml)
    assert letter.reason.startswith("xml: DocumentDiffers, total")
    (letter,) = bus.tell(external_id="ERP-3", number="SETP-3", xml="<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")
    assert letter.reason.startswith("xml: Un")
    assert bus.tell(xml=xml) == bus.tell(xml=xml) == []
    with bus.db.read() as session:
        (file,) = session.scalars(select(StoredFile)).all()
    assert (file.invoice_id, file.purpose, len(bus.invoices())) == (invoice.id, "fiscal_xml", 1)
