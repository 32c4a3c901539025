"""Tables of invoices: read, shown, issued once, whatever happens meanwhile."""

import csv
import io
import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from services.portal.actions import invoice_imports
from services.portal.jobs.imports import InvoiceImporter
from services.portal.models import Invoice, InvoiceImport, InvoiceImportRow, LedgerEntry, Series
from shared import clock
from tests.support.alone import Alone, portal_alone
from tests.support.billing import ZONE
from tests.support.clientarea import CSRF
from tests.support.tables import workbook

DESK = "/backoffice/portal/invoices/imports"
HEADER = ["Tipo de documento", "Documento", "Concepto", "Valor", "IVA %", "Vencimiento", "Periodo", "Id externo"]


@pytest.fixture
def portal(tmp_path, database_url):
    with portal_alone(tmp_path, database_url) as made:
        yield made


def row(number: int, *, amount: str = "1.850.000", external: str = "", **changes: str) -> list[str]:
    """A good row about the `number`th party."""
    usual = {"type": "CC", "document": str(10_000_000 + number), "concept": "Canon", "amount": amount, "tax": "19"}
    return list((usual | {"due": "05/11/2026", "period": "noviembre 2026", "id": external} | changes).values())


def as_csv(*rows: list[str], header: list[str] = HEADER) -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=";").writerows([header, *rows])
    return written.getvalue().encode("cp1252")


def upload(portal: Alone, content: bytes, name: str = "noviembre.csv") -> Any:
    agent = portal.staff()
    token = CSRF.search(agent.get(DESK).text)
    assert token
    sent = {"csrf_token": token[1], "file": (io.BytesIO(content), name)}
    return agent.client.post(f"{DESK}/", data=sent, content_type="multipart/form-data")


def work(portal: Alone, **sizes: int) -> None:
    """What the worker does until nothing is left."""
    importer = InvoiceImporter(portal.db, threading.Event(), ZONE, **sizes)
    while importer.run():
        pass


def numbers(portal: Alone) -> list[str]:
    with portal.db.read() as session:
        return list(session.scalars(select(Invoice.number).order_by(Invoice.number)))


def states(portal: Alone) -> dict[str, int]:
    with portal.db.read() as session:
        counted = select(InvoiceImportRow.state, func.count()).group_by(InvoiceImportRow.state)
        return dict(session.execute(counted).all())


def test_a_table_is_shown_issued_and_a_second_time_issues_nothing(portal: Alone) -> None:
    portal.party(1)
    portal.party(2, classes="owner")
    table = as_csv(row(1), row(2, amount="185000,5", external="COM-1"), row(1, document="C00001", amount="7.000"))
    shown = upload(portal, table).location
    work(portal)
    agent = portal.staff()
    page = agent.get(shown).text
    assert "2.429.980,60" in page, "what would be issued, with its taxes"
    assert numbers(portal) == []
    assert agent.post(f"{shown}/issue").status_code == 303
    work(portal)
    with portal.db.read() as session:
        issued = list(session.scalars(select(Invoice).order_by(Invoice.number)))
        entry = session.scalars(select(InvoiceImport)).one()
        assert entry.content is None, "the file is gone once it was read"
        assert session.scalar(select(func.count()).select_from(LedgerEntry)) == 3
    assert [(str(one.total), one.role, one.period) for one in issued] == [
        ("2201500.00", "tenant", "2026-11"),
        ("220150.60", "owner", "2026-11"),
        ("8330.00", "tenant", "2026-11"),
    ]
    assert (entry.state, entry.applied) == ("finished", 3)
    again = upload(portal, table).location
    work(portal)
    assert agent.get(f"{again}/issue").status_code == 200
    agent.post(f"{again}/issue")
    work(portal)
    assert len(numbers(portal)) == 3
    assert states(portal) == {"applied": 3, "known": 3}


def test_problems_are_told_by_row_and_column_and_come_back_to_be_corrected(portal: Alone) -> None:
    portal.party(1)
    bad = {
        "document": row(77), "amount": row(1, amount="1.85.0"), "tax": row(1, tax="x"), "due": row(1, due="31/02/2026"),
        "period": row(1, period="brumario"), "concept": row(1, concept=""), "type": row(1, type="XX"),
    }  # fmt: skip
    table = as_csv(row(1, external="A"), *bad.values(), row(1, external="A", amount="5"), row(1, concept="Ejemplo: x"))
    shown = upload(portal, table).location
    work(portal, read=3)
    assert states(portal) == {"good": 1, "bad": 8}
    agent = portal.staff()
    page = agent.get(shown).text
    assert all(text in page for text in ("31/02/2026", "brumario", "1.85.0")), "what it says"
    returned = agent.get(f"{shown}/problems.csv").get_data().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(returned)))
    assert len(rows) == 9
    assert all(one[-1] for one in rows)
    corrected = [[*one[:1], "10000001", *one[2:]] if one[1] == "10000077" else one for one in rows]
    again = upload(portal, "\n".join(",".join(f'"{cell}"' for cell in one) for one in corrected).encode()).location
    work(portal)
    assert states(portal) == {"good": 3, "bad": 14}
    agent.post(f"{shown}/issue")
    agent.post(f"{again}/issue")
    work(portal)
    assert states(portal) == {"applied": 2, "bad": 15}, "the same id for another amount is no invoice of its own"
    assert len(numbers(portal)) == 2


def test_a_worker_that_dies_between_chunks_and_within_one_loses_and_doubles_nothing(portal: Alone, monkeypatch) -> None:
    for number in range(1, 8):
        portal.party(number)
    shown = upload(portal, as_csv(*(row(number) for number in range(1, 8)))).location
    work(portal, read=2)
    portal.staff().post(f"{shown}/issue")
    real, calls = invoice_imports.issue_invoice, iter(range(1, 100))

    class Killed(BaseException):
        pass

    def dying(*given: Any) -> Any:
        if next(calls) == 6:
            raise Killed
        return real(*given)

    monkeypatch.setattr(invoice_imports, "issue_invoice", dying)
    with pytest.raises(Killed):
        work(portal, issued=2)
    assert len(numbers(portal)) == 4, "two chunks are done, of the third nothing is"
    work(portal, issued=2)
    assert len(numbers(portal)) == len(set(numbers(portal))) == 7
    with portal.db.read() as session:
        assert session.scalar(select(Series.next_number).where(Series.purpose == "invoice")) == 8, "without gaps"
        entry = session.scalars(select(InvoiceImport)).one()
    assert (entry.state, entry.applied) == ("finished", 7)


def test_reading_goes_on_where_it_was(portal: Alone) -> None:
    portal.party(1)
    upload(portal, as_csv(*(row(1, external=str(number)) for number in range(5))))
    stop = threading.Event()
    importer = InvoiceImporter(portal.db, stop, ZONE, read=2)
    with portal.db.read() as session:
        import_id = session.scalars(select(InvoiceImport.id)).one()
    real = portal.db.write

    def once() -> Any:
        stop.set()
        return real()

    portal.db.write = once  # type: ignore[method-assign]  # a stop in the middle of the file
    importer.run()
    portal.db.write = real  # type: ignore[method-assign]
    assert states(portal) == {"good": 2}
    work(portal, read=2)
    assert states(portal) == {"good": 5}
    with portal.db.read() as session:
        assert session.get_one(InvoiceImport, import_id).state == "ready"


def test_a_file_that_nobody_foresaw_keeps_no_other_waiting_and_old_rows_are_forgotten(
    portal: Alone, monkeypatch
) -> None:
    portal.party(1)
    upload(portal, as_csv(row(1)))
    with monkeypatch.context() as broken:
        broken.setattr("services.portal.jobs.imports.read_rows", lambda *_, **__: 1 / 0)
        work(portal)
    shown = upload(portal, as_csv(row(1))).location
    work(portal)
    assert states(portal) == {"good": 1}
    with portal.db.write() as session:
        assert invoice_imports.forget_rows(session, clock.now() - timedelta(days=1)) == 0
        assert invoice_imports.forget_rows(session, clock.now() + timedelta(days=1)) == 1
    assert portal.staff().get(f"{shown}").status_code == 200
    with portal.db.read() as session:
        assert set(session.scalars(select(InvoiceImport.state))) == {"unreadable", "cancelled"}


def test_a_row_whose_number_is_nowhere_is_left_out_and_the_rest_goes_on(portal: Alone) -> None:
    portal.party(1)
    shown = upload(portal, as_csv(row(1), row(1, amount="9"))).location
    work(portal)
    with portal.db.write() as session:
        series = session.scalars(select(Series).where(Series.purpose == "invoice")).one()
        series.last_number = 1
    portal.staff().post(f"{shown}/issue")
    work(portal)
    assert states(portal) == {"applied": 1, "bad": 1}
    assert len(numbers(portal)) == 1


def test_a_workbook_is_read_and_what_is_no_table_is_refused(tmp_path, sqlite_url) -> None:
    with portal_alone(tmp_path, sqlite_url) as portal:
        portal.party(1)
        cells = ["CC", 10_000_001, "Canon", 1850000.5, 0.19, "2026-11-05", "2026-11", "X"]
        assert upload(portal, workbook(cells, header=HEADER), "n.xlsx").status_code == 303
        work(portal)
        with portal.db.read() as session:
            found = session.scalars(select(InvoiceImportRow)).one()
        assert found.invoice
        assert (found.invoice["amount"], found.invoice["tax_rate"]) == ("1850000.50", "19")
        for content in (b"", b"%PDF-1.4", b"\x89PNG", b"Nombre;Ciudad\nAna;Cali\n", b"Valor;Valor\n1;2\n"):
            refused = upload(portal, content)
            assert (refused.status_code, "file-error" in refused.text) == (422, True), content
        upload(portal, as_csv())
        work(portal)
        with portal.db.read() as session:
            assert session.scalar(select(func.count()).where(InvoiceImport.state == "unreadable")) == 1
        assert portal.staff().get(f"{DESK}/{uuid.uuid4()}").status_code == 404
        template = portal.staff().get(f"{DESK}/template.csv").data
        upload(portal, template)
        work(portal)
        with portal.db.read() as session:
            assert session.scalar(select(func.count()).where(InvoiceImport.state == "unreadable")) == 2, "examples only"


def test_an_auditor_sees_imports_and_starts_none(tmp_path, sqlite_url) -> None:
    with portal_alone(tmp_path, sqlite_url) as portal:
        portal.party(1)
        shown = upload(portal, as_csv(row(1))).location
        work(portal)
        auditor = portal.staff("auditor")
        assert (auditor.get(shown).status_code, auditor.get(f"{shown}/issue").status_code) == (200, 403)
        assert f"{shown}/issue" not in auditor.get(shown).text
        agent = portal.staff()
        assert agent.post(f"{shown}/cancel", form=shown).status_code == 303
        agent.post(f"{shown}/issue", form=f"{DESK}")
        work(portal)
        assert numbers(portal) == []
