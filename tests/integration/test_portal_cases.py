"""A client asks, the agency answers: the whole way of a request (PQRS), both sides in the browser."""

import io
import re
import uuid

import pytest
from sqlalchemy import select, update

from services.portal.models import Case, StoredFile
from services.portal.queries.cases import CaseFilter, list_cases
from shared.events.acts import PortalActRecorded
from shared.events.portal import CaseAnswered, CaseClosed, CaseOpened, NoticeRaised
from tests.support.alone import Alone, portal_alone
from tests.support.cases import AREA, DESK, answer, ask, cases_in, fill_in, messages_in, open_one, photo, told

NASTY = "<script>alert(1)</script>{{ 7*7 }}"


@pytest.fixture
def portal(tmp_path, database_url):
    with portal_alone(tmp_path, database_url) as made:
        yield made


@pytest.fixture
def pages(tmp_path, sqlite_url):
    """For what is about the pages, whatever database is behind them."""
    with portal_alone(tmp_path, sqlite_url) as made:
        yield made


def letters(portal: Alone) -> list[str]:
    return [one.kind for one in told(portal.db, NoticeRaised)]


def acts(portal: Alone) -> list[str]:
    return [one.act for one in told(portal.db, PortalActRecorded)]


def files_in(portal: Alone) -> list[StoredFile]:
    with portal.db.read() as session:
        return list(session.scalars(select(StoredFile).order_by(StoredFile.id)))


def test_a_complaint_with_a_photo_is_answered_discussed_and_closed(portal: Alone) -> None:
    browser, staff = portal.client(portal.party()), portal.staff()
    sent = ask(browser, files=[(photo(), "gotera.jpg"), (photo(), "techo.jpg")])
    assert sent.status_code == 303, sent.text
    case = cases_in(portal.db)[0]
    assert re.fullmatch(r"PQR-\d{4}-000001", case.number)
    page = browser.get(sent.location).text
    assert case.number in page
    assert "Recibida, en trámite" in page
    assert [one.name for one in files_in(portal)] == ["gotera.jpg", "techo.jpg"]
    got = browser.get(f"{AREA}/{case.id}/files/{files_in(portal)[0].id}")
    assert (got.status_code, got.headers["Content-Disposition"]) == (200, "attachment; filename=gotera.jpg")
    assert case.number in staff.get(DESK).text
    page = f"{DESK}/{case.id}"
    answered = fill_in(
        staff, page, f"{page}/reply", text="Mañana va el plomero.", in_substance="y", files=[(photo(), "orden.jpg")]
    )
    assert answered.status_code == 303, answered.text
    assert "Mañana va el plomero." in browser.get(f"{AREA}/{case.id}").text
    assert case.number not in staff.get(DESK).text, "nothing waits in it"
    assert fill_in(browser, f"{AREA}/{case.id}", text="No vino nadie.").status_code == 303
    now = cases_in(portal.db)[0]
    assert (now.state, now.due_on) == ("open", case.due_on), "open again, without a new term"
    assert case.number in staff.get(f"{DESK}?state=written_again").text
    assert fill_in(staff, page, f"{page}/reply", text="Ya fue.", in_substance="y").status_code == 303
    assert cases_in(portal.db)[0].answered_at == now.answered_at, "the first answer counts"
    assert fill_in(staff, f"{page}/close", reason="duplicate").status_code == 422, "not after an answer"
    assert fill_in(staff, f"{page}/close", reason="solved", note="Gracias.").status_code == 303
    closed = browser.get(f"{AREA}/{case.id}").text
    assert "Gracias." in closed
    assert "<textarea" not in closed
    assert letters(portal) == ["case_opened", "case_answered", "case_answered", "case_closed"]
    assert (len(told(portal.db, CaseOpened)), len(told(portal.db, CaseAnswered))) == (1, 2)
    assert told(portal.db, CaseClosed)[0].reason == "solved"
    assert acts(portal) == ["case.opened", "case.answered", "case.written", "case.answered", "case.closed"]
    assert fill_in(staff, f"{page}/reopen", note="Faltó pintar.").status_code == 303
    assert "Faltó pintar." in browser.get(f"{AREA}/{case.id}").text


def test_a_form_sent_twice_makes_one_case_and_one_message(portal: Alone) -> None:
    browser, staff, once = portal.client(portal.party()), portal.staff(), str(uuid.uuid4())
    first, second = ask(browser, once=once, files=[(photo(), "a.jpg")]), ask(browser, once=once)
    assert first.location == second.location
    case = cases_in(portal.db)[0]
    assert len(cases_in(portal.db)) == len(messages_in(portal.db)) == len(files_in(portal)) == 1
    for _ in range(2):
        fill_in(browser, f"{AREA}/{case.id}", once=once, text="¿Y entonces?")
        fill_in(
            staff, f"{DESK}/{case.id}", f"{DESK}/{case.id}/reply", once=str(case.party_id), text="Va", in_substance="y"
        )
    assert [one.text for one in messages_in(portal.db)][1:] == ["¿Y entonces?", "Va"]
    assert letters(portal) == ["case_opened", "case_answered"]
    stranger = portal.client(portal.party(2))
    assert ask(stranger, once=once).status_code == 404, "somebody else's case is not taken over"
    assert ask(browser, once=once, text="Otra cosa").location != first.location, "the same page, but something else"


def test_what_is_wrong_is_said_at_the_field_and_what_was_typed_stays(pages: Alone) -> None:
    browser = pages.client(pages.party())
    wrong = ask(browser, kind="", subject="  ", text=f"Mi queja {NASTY}")
    assert wrong.status_code == 422
    assert "Elija de qué se trata." in wrong.text
    assert "Mi queja &lt;script&gt;" in wrong.text
    assert ask(browser, text="x" * 20_001).status_code == 422
    assert ask(browser, kind="made-up").status_code == 422
    svg = io.BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>")
    refused = ask(browser, text="Con dibujo", files=[(photo(), "buena.jpg"), (svg, "foto.jpg")])
    assert refused.status_code == 422
    assert "SVG" in refused.text
    assert "Con dibujo</textarea>" in refused.text
    assert ask(browser, files=[(photo(), f"{number}.jpg") for number in range(6)]).status_code == 422
    assert cases_in(pages.db) == []
    assert not any(one.is_file() for one in pages.files.rglob("*")), "nothing half-done is kept"


def test_markup_in_every_field_is_harmless_on_both_sides(pages: Alone) -> None:
    browser, staff = pages.client(pages.party(name=f"Eva {NASTY}")), pages.staff()
    assert ask(browser, subject=NASTY, text=NASTY, files=[(photo(), f"{NASTY}.jpg")]).status_code == 303
    case = cases_in(pages.db)[0]
    page = f"{DESK}/{case.id}"
    fill_in(staff, page, f"{page}/note", nth=1, text=NASTY)
    fill_in(staff, f"{page}/close", reason="withdrawn", note=NASTY)
    shown = [staff.get(one).text for one in (DESK, f"{DESK}?state=closed", page, f"{page}/reopen")]
    shown += [browser.get(one).text for one in (AREA, f"{AREA}/{case.id}")]
    assert not any("<script>alert" in one or "49" in re.sub(r'"[^"]*"', "", one.split("<main")[1]) for one in shown)
    csv = staff.get(f"{DESK}/export.csv?state=all").get_data(as_text=True)
    assert case.number in csv


def test_other_clients_find_nothing(portal: Alone) -> None:
    browser, stranger = portal.client(portal.party()), portal.client(portal.party(2))
    ask(browser, files=[(photo(), "a.jpg")])
    ask(stranger)
    case, other = cases_in(portal.db)
    file = files_in(portal)[0]
    assert browser.get(f"{AREA}/{case.id}/files/{file.id}").status_code == 200
    for path in (f"{AREA}/{case.id}", f"{AREA}/{case.id}/files/{file.id}", f"{AREA}/{other.id}/files/{file.id}"):
        assert stranger.get(path).status_code == 404, path
    assert case.number not in stranger.get(AREA).text
    assert fill_in(stranger, f"{AREA}/{other.id}", f"{AREA}/{case.id}", text="Soy otro").status_code == 404
    staff = portal.staff()
    assert staff.get(f"{DESK}/{other.id}/files/{file.id}").status_code == 404, "not a file of that case"
    assert staff.get(f"{DESK}/{case.id}/files/{file.id}").status_code == 200


def test_notes_are_for_the_staff_and_the_auditor_only_reads(pages: Alone) -> None:
    party = pages.party()
    case = open_one(pages.db, party)
    page, agent, auditor = f"{DESK}/{case.id}", pages.staff(), pages.staff("auditor")
    assert fill_in(agent, page, f"{page}/note", nth=1, text="Es amigo del jefe").status_code == 303
    assert "Es amigo del jefe" in auditor.get(page).text
    assert "Es amigo del jefe" not in pages.client(party).get(f"{AREA}/{case.id}").text
    assert "<textarea" not in auditor.get(page).text
    for path in ("reply", "note", "assign"):
        assert fill_in(auditor, page, f"{page}/{path}", text="x").status_code == 403
    for path in ("extend", "close", "reopen"):
        assert auditor.get(f"{page}/{path}").status_code == 403
    assert letters(pages) == ["case_opened"]
    fill_in(agent, page, f"{page}/assign", take="yes")
    assert "Desde ahora me encargo" in auditor.get(page).text
    assert case.number in agent.get(f"{DESK}?mine=yes").text


def test_a_message_that_only_asks_for_something_leaves_the_deadline_running(pages: Alone) -> None:
    case = open_one(pages.db, pages.party())
    staff, page = pages.staff(), f"{DESK}/{case.id}"
    assert fill_in(staff, page, f"{page}/reply", text="Mande la factura, por favor.").status_code == 303
    assert cases_in(pages.db)[0].answered_at is None
    assert case.number in staff.get(DESK).text
    assert fill_in(staff, f"{page}/close", reason="solved").status_code == 422, "it was never answered"


def test_the_staff_opens_a_request_for_a_client_who_called(pages: Alone) -> None:
    party, staff = pages.party(name="María Ñáñez"), pages.staff()
    assert str(party) in staff.get(f"{DESK}/new?q=nanez").text
    sent = fill_in(
        staff, f"{DESK}/new?party={party}", kind="claim", subject="Cobro doble", text="Le cobraron dos veces."
    )
    assert sent.status_code == 303, sent.text
    shown = pages.client(party).get(f"{AREA}/{cases_in(pages.db)[0].id}").text
    assert "anotó su solicitud" in shown
    assert letters(pages) == ["case_opened"]


def test_letters_speak_the_language_of_the_client(pages: Alone) -> None:
    open_one(pages.db, pages.party(2, language="en"), kind="data_query")
    values = {one.name: one.value for one in told(pages.db, NoticeRaised)[0].values}
    assert values["kind"] == "Personal data: query"
    assert re.fullmatch(r"[A-Z][a-z]+ \d+, \d{4}", values["due"])
    open_one(pages.db, pages.party(3), kind="data_query")
    values = {one.name: one.value for one in told(pages.db, NoticeRaised)[1].values}
    assert values["kind"] == "Datos personales: consulta"
    assert " de " in values["due"]


def test_the_inbox_finds_and_sorts_and_its_table_is_the_same(portal: Alone) -> None:
    party = portal.party(name="Zoé Ávila")
    made = [open_one(portal.db, party, kind=kind, subject=kind) for kind in ("consultation", "information", "petition")]
    answer(portal.db, open_one(portal.db, portal.party(2), subject="lista").id)
    staff = portal.staff()
    shown = staff.get(DESK).text
    assert [shown.index(made[number].number) for number in (1, 2, 0)] == sorted(
        shown.index(one.number) for one in made
    ), "what expires first stands first"
    assert staff.get(f"{DESK}?q=avila&kind=petition").text.count("PQR-") == 1
    assert staff.get(f"{DESK}?state=answered").text.count("PQR-") == 1
    assert staff.get(f"{DESK}?q=nadie").text.count("PQR-") == 0
    table = staff.get(f"{DESK}/export.csv?q=avila").get_data(as_text=True)
    assert table.count("PQR-") == 3
    assert staff.get(f"{DESK}/export.xlsx?state=all").status_code == 200


def test_the_inbox_is_walked_in_pages_by_the_deadline(portal: Alone) -> None:
    party = portal.party()
    kinds = ("petition", "information", "consultation", "claim", "data_query")
    made = [open_one(portal.db, party, kind=kind) for kind in kinds]
    walked, cursor = [], None
    for _ in range(3):
        with portal.db.read() as session:
            page = list_cases(session, CaseFilter(state="unanswered"), cursor=cursor, limit=2)
        walked += [one.id for one in page.items]
        cursor = page.next
    assert cursor is None
    assert walked == [one.id for one in sorted(made, key=lambda one: (one.due_on, one.id))]


def test_the_figures_are_the_same_in_the_picture_and_in_the_table(portal: Alone) -> None:
    party = portal.party()
    in_time, late = open_one(portal.db, party), open_one(portal.db, party)
    open_one(portal.db, party, kind="claim")
    for one in (in_time, late):
        answer(portal.db, one.id)
    with portal.db.write() as session:
        session.execute(update(Case).where(Case.id == late.id).values(due_on=late.opened_on.replace(year=2020)))
    staff = portal.staff()
    page = staff.get(f"{DESK}/figures").text
    assert "50 %" in page
    picture = staff.get(f"{DESK}/figures/months.svg?kind=petition")
    assert picture.mimetype == "image/svg+xml"
