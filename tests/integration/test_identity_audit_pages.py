"""Reading the audit trail in the back office."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import insert

from services.identity.models.audit import AuditEntry
from shared.db import new_id
from shared.events.acts import IdentityActRecorded
from tests.support.identity import Identity, running_identity
from tests.support.staff import StaffBrowser, add_staff, member_of

PAGE = "/backoffice/identity/audit/"
MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)  # 12:00 in Bogotá


@pytest.fixture
def identity(database_url: str, tmp_path: Path) -> Iterator[Identity]:
    with running_identity(database_url, tmp_path) as running:
        yield running


@pytest.fixture
def browser(identity: Identity) -> StaffBrowser:
    signed_in = StaffBrowser(identity.app)
    signed_in.sign_in("auditor", add_staff(identity.db, "auditor", "auditor"))
    return signed_in


def write(identity: Identity, *entries: dict[str, Any]) -> None:
    usual = {
        "at": NOON,
        "received_at": NOON,
        "service": "mailer",
        "act": "letters.cancelled",
        "actor_kind": "staff",
        "actor_id": "somebody",
        "actor_name": "Laura Gómez",
        "address": "192.0.2.7",
        "party_id": None,
        "subject": "",
        "subject_id": "",
        "count": None,
        "details": [],
        "event_source": "test",
    }
    with identity.db.write() as session:
        rows = [usual | {"id": new_id(), "event_id": str(new_id())} | entry for entry in entries]
        session.execute(insert(AuditEntry), rows)


def sentences(page: str) -> list[str]:
    """The sentences of the list, without their links."""
    cells = re.findall(r'<tr>\s*<td class="nowrap"[^>]*>[^<]*</td>\s*<td[^>]*>(.*?)</td>', page, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", cell).removesuffix(" · abrir").strip() for cell in cells]


def test_each_entry_is_a_sentence_with_a_link_to_what_it_is_about(identity: Identity, browser: StaffBrowser) -> None:
    party, batch = identity.add_party(name="Ana <b>Ríos</b>"), new_id()
    write(
        identity,
        {"count": 12, "subject": "batch", "subject_id": str(batch)},
        {"act": "party.updated", "service": "directory", "party_id": party.party_id, "at": NOON + timedelta(hours=1)},
    )
    page = browser.get(PAGE).text
    assert sentences(page) == [
        "Laura Gómez cambió los datos de Ana &lt;b&gt;Ríos&lt;/b&gt;",
        "Laura Gómez canceló 12 cartas",
    ]
    assert f'href="/backoffice/identity/batches/{batch}"' in page
    assert f'href="/backoffice/identity/parties/{party.party_id}"' in page
    english = browser.get(f"{PAGE}?lang=en").text
    assert "<strong>Laura Gómez</strong> cancelled 12 letters" in english


def test_acts_of_the_portal_name_what_they_were_done_to(identity: Identity, browser: StaffBrowser) -> None:
    party, invoice = identity.add_party(name="Ana Ríos"), new_id()
    about = {"service": "portal", "party_id": party.party_id, "subject": "invoice", "subject_id": str(invoice)}
    number = [{"name": "number", "value": "FV-000042"}]
    write(
        identity,
        about | {"act": "invoice.issued", "details": number},
        about | {"act": "credit_note.issued", "details": number, "at": NOON + MINUTE},
        about | {"act": "payment.recorded", "subject": "payment", "at": NOON + 2 * MINUTE},
        about | {"act": "invoices.exported", "subject": "", "count": 7, "at": NOON + 3 * MINUTE},
    )
    page = browser.get(PAGE).text
    assert sentences(page) == [
        "Laura Gómez exportó una lista de 7 facturas",
        "Laura Gómez registró un pago de Ana Ríos",
        "Laura Gómez emitió la nota crédito FV-000042 para Ana Ríos",
        "Laura Gómez emitió la factura FV-000042 para Ana Ríos",
    ]
    assert f'href="/backoffice/portal/invoices/{invoice}"' in page


def test_a_party_that_was_renamed_is_told_by_its_present_name(identity: Identity, browser: StaffBrowser) -> None:
    party = identity.add_party(name="Ana Ríos")
    write(identity, {"act": "credential.issued", "party_id": party.party_id})
    identity.add_party(party_id=party.party_id, version=2, name="Ana Ríos Peña")
    assert sentences(browser.get(PAGE).text) == ["Laura Gómez emitió una credencial para Ana Ríos Peña"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=jose", ["carla", "jose"]),  # by whom, and about whom
        ("q=PEÑA", ["carla"]),
        ("party=pena", ["carla"]),
        ("party=900123", ["carla"]),
        ("actor=system", ["none"]),
        ("act=queue.paused", ["jose"]),
        ("service=portal", ["none"]),
        ("from=2026-11-20&to=2026-11-20", ["carla", "jose"]),
        ("from=2026-11-21", ["none"]),
        ("to=2026-11-19", []),
        ("q=nobody-like-that", []),
        ("act=nothing-known&service=neither", ["none", "carla", "jose"]),
    ],
)
def test_filters(identity: Identity, browser: StaffBrowser, query: str, found: list[str]) -> None:
    add_staff(identity.db, "jose", "agent")
    jose = str(member_of(identity.db, "jose").id)
    party = identity.add_party(name="José Peña", document_number="900123456", document_key="900123456")
    write(
        identity,
        {"actor_name": "carla", "party_id": party.party_id, "at": NOON.replace(hour=5)},
        {
            "actor_name": "jose",
            "actor_id": jose,
            "act": "queue.paused",
            "at": NOON.replace(hour=5),
        },
        {
            "actor_name": "",
            "actor_id": "",
            "actor_kind": "system",
            "service": "portal",
            "at": NOON.replace(day=21, hour=5),
        },
    )
    page = browser.get(f"{PAGE}?{query}").text
    names = {"El sistema": "none"}
    told = [re.sub(r" .*", "", names.get(one[:10], one)) for one in sentences(page)]
    assert sorted(told) == sorted(found)


def test_a_date_that_is_none_is_told_and_left_out(identity: Identity, browser: StaffBrowser) -> None:
    write(identity, {})
    page = browser.get(f"{PAGE}?from=yesterday&to=9999-12-31").text
    assert "Una fecha no es correcta" in page
    assert len(sentences(page)) == 1


def test_pages_follow_one_another_without_gap_or_repetition(identity: Identity, browser: StaffBrowser) -> None:
    write(identity, *({"at": NOON + timedelta(seconds=n // 3), "count": n} for n in range(120)))
    address, seen = PAGE, []
    while address:
        page = browser.get(address).text
        seen += [int(re.sub(r"\D", "", one)) for one in sentences(page)]
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert sorted(seen) == list(range(120))
    assert [n // 3 for n in seen] == sorted((n // 3 for n in seen), reverse=True)


def test_the_details_of_an_entry(identity: Identity, browser: StaffBrowser) -> None:
    details = [{"name": "reason", "value": "importe <i>errado</i>"}, {"name": "oddity", "value": "x"}]
    write(identity, {"details": details, "actor_kind": "client", "actor_id": "erp-1", "actor_name": "erp-1"})
    entry = re.search(rf'href="({PAGE}[0-9a-f-]{{36}})"', browser.get(PAGE).text)
    assert entry is not None
    page = browser.get(entry[1]).text
    for words in ("Motivo", "importe &lt;i&gt;errado&lt;/i&gt;", "oddity", "192.0.2.7", "Otro sistema"):
        assert words in page
    assert browser.get(f"{PAGE}{new_id()}").status_code == 404


def test_the_export_is_exactly_what_is_filtered_and_is_itself_recorded(
    identity: Identity, browser: StaffBrowser
) -> None:
    party = identity.add_party(name="=HYPERLINK(1)")
    write(identity, *({"at": NOON + timedelta(seconds=n), "count": n} for n in range(1, 2501)))
    write(identity, {"act": "party.created", "party_id": party.party_id, "details": [{"name": "code", "value": "7"}]})
    answer = browser.get(f"{PAGE}export?format=csv&act=letters.cancelled")
    rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert [int(row[6]) for row in rows[1:]] == list(range(2500, 0, -1))
    assert rows[1][:2] == ["2026-11-20 12:41:40", "Laura Gómez canceló 2.500 cartas"]
    told = identity.told(IdentityActRecorded)[-1]
    assert (told.act, told.count, told.actor_name) == ("audit.exported", 2500, "Auditor")
    assert {"name": "filter", "value": "act=letters.cancelled"} in [vars(one) for one in told.details]
    with browser.get(f"{PAGE}export?format=xlsx&party=hyperlink") as workbook:
        book = CalamineWorkbook.from_filelike(io.BytesIO(workbook.get_data()))
    sheet = book.get_sheet_by_index(0).to_python()
    assert sheet[1][1] == "Laura Gómez registró a =HYPERLINK(1)"
    assert sheet[1][7] == "Código: 7"
    assert browser.get(f"{PAGE}export?format=pdf").status_code == 303


def test_nobody_outside_the_staff_reads_it(identity: Identity) -> None:
    for address in (PAGE, f"{PAGE}export?format=csv", f"{PAGE}{new_id()}"):
        assert identity.app.test_client().get(address).status_code == 303


def test_things_are_told_by_the_names_that_people_know_and_lead_to_their_pages(
    identity: Identity, browser: StaffBrowser
) -> None:
    party = identity.add_party(name="Ana Ríos")
    write(
        identity,
        {"act": "template.changed", "subject": "template", "subject_id": "recovery/es"},
        {"act": "address.suppressed", "subject": "address", "subject_id": "a&b@example.com", "at": NOON - MINUTE},
        {
            "act": "sessions.ended",
            "actor_kind": "party",
            "actor_id": str(party.party_id),
            "party_id": party.party_id,
            "count": 2,
            "at": NOON - 2 * MINUTE,
        },
        {"act": "from.the.future", "at": NOON - 3 * MINUTE},
    )
    page = browser.get(PAGE).text
    assert sentences(page) == [
        "Laura Gómez cambió el texto de la carta «Carta por contraseña olvidada» (Español)",
        "Laura Gómez bloqueó la dirección a&amp;b@example.com",
        "Ana Ríos cerró sus otras sesiones",
        "Laura Gómez hizo algo que esta versión no sabe describir",
    ]
    assert 'href="/backoffice/mailer/templates/recovery/es"' in page
    assert 'href="/backoffice/mailer/suppressions?q=a%26b%40example.com"' in page
