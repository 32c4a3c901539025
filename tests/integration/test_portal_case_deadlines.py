"""Deadlines of requests (PQRS): numbers, extensions, reminders, what the start page and other programs are told."""

import threading
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, update

from services.portal.actions.case_reminders import remind_of_cases
from services.portal.actions.cases import NewCase, NotExtendable, UnfitDay, extend_case, open_case
from services.portal.api.attention import list_attention
from services.portal.models import Agency, Case, Series
from services.portal.rules.cases import KINDS, after_business_days, deadline_of, latest_extension
from shared.audit import acting
from shared.db import new_id
from shared.events.portal import CaseExtended, NoticeRaised
from tests.support.alone import Alone, portal_alone
from tests.support.billing import today
from tests.support.cases import AREA, DESK, STAFF, answer, cases_in, fill_in, open_one, told
from tests.support.web import Issuer

FRIDAY = "2026-11-20T15:00:00-05:00"
REMINDER = "case_reminder"


@pytest.fixture
def portal(tmp_path, database_url):
    with time_machine.travel(FRIDAY, tick=True), portal_alone(tmp_path, database_url) as made:
        yield made


@pytest.fixture
def pages(tmp_path, sqlite_url):
    """For what is about the pages, whatever database is behind them."""
    with time_machine.travel(FRIDAY, tick=True), portal_alone(tmp_path, sqlite_url) as made:
        yield made


def in_threads(count: int, work: Any) -> list[Any]:
    """What `work` gives in so many threads at once; a RuntimeError is a result, too."""
    results: list[Any] = []
    start = threading.Barrier(count)

    def run(number: int) -> None:
        start.wait(20)
        try:
            results.append(work(number))
        except RuntimeError as error:
            results.append(error)

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert len(results) == count
    return results


def set_agency(portal: Alone, **values: Any) -> None:
    with portal.db.write() as session:
        session.execute(update(Agency).values(**values))


def reminders(portal: Alone) -> list[NoticeRaised]:
    return [one for one in told(portal.db, NoticeRaised) if one.kind == REMINDER]


def test_numbers_have_no_gaps_although_many_come_at_once_and_some_fail(portal: Alone) -> None:
    parties = [portal.party(number) for number in range(1, 9)]

    def work(number: int) -> str:
        new = NewCase(case_id=new_id(), party_id=parties[number], kind="petition", subject="x", text="y")
        with portal.db.write() as session:
            made = open_case(session, new, today()).case.number
            if number % 4 == 3:
                raise RuntimeError("after the number was taken")
        return made

    results = in_threads(8, work)
    assert sum(isinstance(one, RuntimeError) for one in results) == 2, results
    year = today().year
    assert sorted(one for one in results if isinstance(one, str)) == [f"PQR-{year}-{n:06}" for n in range(1, 7)]
    with portal.db.read() as session:
        assert session.scalars(select(Series.prefix).where(Series.purpose == "case")).all() == [f"PQR-{year}-"]


def test_every_year_begins_with_one(portal: Alone) -> None:
    party = portal.party()
    days = (date(2026, 12, 30), date(2026, 12, 31), date(2027, 1, 1), date(2026, 12, 31))
    made = [open_one(portal.db, party, opened=day).number for day in days]
    assert made == ["PQR-2026-000001", "PQR-2026-000002", "PQR-2027-000001", "PQR-2026-000003"]


def test_the_same_form_at_once_in_many_browsers_makes_one_case(portal: Alone) -> None:
    party, case_id = portal.party(), new_id()

    def work(_number: int) -> str:
        new = NewCase(case_id=case_id, party_id=party, kind="claim", subject="x", text="y")
        with portal.db.write() as session:
            return open_case(session, new, today()).case.number

    assert set(in_threads(6, work)) == {f"PQR-{today().year}-000001"}
    assert len([one for one in told(portal.db, NoticeRaised) if one.kind == "case_opened"]) == 1


@pytest.mark.parametrize("kind", ["petition", "data_query"])
def test_an_extension_ends_at_the_latest_day_of_the_law(pages: Alone, kind: str) -> None:
    party = pages.party()
    case = open_one(pages.db, party, kind=kind)
    staff, page = pages.staff(), f"{DESK}/{case.id}/extend"
    latest = latest_extension(kind, case.opened_on)
    for until in (case.due_on, latest + timedelta(days=1), date(2026, 12, 8), date(2026, 12, 25)):
        refused = fill_in(staff, page, until=until.isoformat(), reason="Falta el avalúo")
        assert refused.status_code == 422, until
        assert "Falta el avalúo</textarea>" in refused.text
    assert fill_in(staff, page, until=latest.isoformat(), reason=" ").status_code == 422
    assert fill_in(staff, page, until=latest.isoformat(), reason="Falta el avalúo").status_code == 303
    now = cases_in(pages.db)[0]
    assert (now.due_on, now.first_due_on) == (latest, case.due_on)
    event, letter = told(pages.db, CaseExtended)[0], told(pages.db, NoticeRaised)[-1]
    assert (event.due_on, event.reason, letter.kind) == (latest, "Falta el avalúo", "case_extended")
    shown = pages.client(party).get(f"{AREA}/{case.id}").text
    assert "Falta el avalúo" in shown
    assert "Necesitamos más tiempo" in shown
    again = fill_in(staff, page, until=latest.isoformat(), reason="Otra vez")
    assert again.status_code == 303
    assert len(told(pages.db, CaseExtended)) == 1, "once"


def test_an_extension_comes_before_the_deadline_is_over_and_before_the_answer(pages: Alone) -> None:
    party = pages.party()
    case, answered = open_one(pages.db, party), open_one(pages.db, party)
    answer(pages.db, answered.id)
    until = after_business_days(case.due_on, 3)

    def extend(case_id: Any, day: date) -> None:
        with acting(STAFF), pages.db.write() as session:
            extend_case(session, case_id, until, "Falta algo", day)

    with pytest.raises(NotExtendable):
        extend(case.id, case.due_on + timedelta(days=1))
    with pytest.raises(NotExtendable):
        extend(answered.id, answered.due_on)
    set_agency(pages, saturday_counts=True)
    with pytest.raises(UnfitDay) as raised, acting(STAFF), pages.db.write() as session:
        extend_case(session, case.id, latest_extension(case.kind, case.opened_on), "x", case.due_on)
    assert raised.value.latest == latest_extension(case.kind, case.opened_on, saturday_counts=True)
    extend(case.id, case.due_on)
    assert cases_in(pages.db)[0].due_on == until


def test_two_workers_remind_of_each_deadline_once(portal: Alone) -> None:
    set_agency(portal, email="pqrs@agencia.example", name="La Agencia")
    party = portal.party()
    near = [open_one(portal.db, party, kind="data_query", subject=f"Cerca {number}") for number in range(4)]
    open_one(portal.db, party, kind="consultation")
    answer(portal.db, open_one(portal.db, party, kind="data_query").id)
    before = near[0].due_on
    days = [before - timedelta(days=number) for number in range(9)]
    day = next(one for one in days if after_business_days(one, 2) == before)

    def remind(_number: int = 0, moment: date = day) -> int:
        with portal.db.write() as session:
            return remind_of_cases(session, moment, "es")

    assert remind(moment=day - timedelta(days=3)) == 0, "too early"
    assert sum(in_threads(2, remind)) == 4
    assert remind() == 0
    assert {one.reader.address for one in reminders(portal)} == {"pqrs@agencia.example"}
    assert sorted({v.name: v.value for v in one.values}["subject"] for one in reminders(portal)) == [
        f"Cerca {number}" for number in range(4)
    ]
    until = latest_extension("data_query", near[0].opened_on)
    with acting(STAFF), portal.db.write() as session:
        extend_case(session, near[0].id, until, "Falta algo", day)
    assert remind() == 0
    assert remind(moment=until) == 1, "the new deadline has a reminder of its own"


def test_without_an_address_of_the_agency_nobody_is_written_to(pages: Alone) -> None:
    case = open_one(pages.db, pages.party())
    with pages.db.write() as session:
        assert remind_of_cases(session, case.due_on, "es") == 0
    assert cases_in(pages.db)[0].reminded_at is None


def test_the_start_page_tells_what_is_overdue_and_what_is_near(pages: Alone) -> None:
    party = pages.party()
    made = [open_one(pages.db, party) for _ in range(3)]
    for case, due in zip(made, (today() - timedelta(days=1), today(), after_business_days(today(), 2)), strict=True):
        with pages.db.write() as session:
            session.execute(update(Case).where(Case.id == case.id).values(due_on=due))
    with pages.app.test_request_context(headers={"Accept-Language": "es"}), pages.db.read() as session:
        found = [(one.text, one.count, one.level) for one in list_attention(session)]
    assert found == [
        ("Una PQRS está vencida.", 1, "bad"),
        ("2 PQRS están por vencer.", 2, "waiting"),
    ]
    shown = pages.staff().get(DESK).text
    for text in ("Vencida hace 1 día hábil", "Vence hoy", "Vence en 2 días hábiles"):
        assert text in shown


def test_people_read_until_when_each_kind_is_answered(pages: Alone) -> None:
    page = pages.client(pages.party()).get(f"{AREA}/new").text
    for kind, term in KINDS.items():
        assert f'value="{kind}"' in page
        assert f"en {term.days} días hábiles" in page
    assert deadline_of("petition", today()) == date(2026, 12, 14)
    assert "14 de diciembre de 2026" in page


def test_programs_with_the_scope_read_cases_without_the_notes(pages: Alone, tmp_path: Any) -> None:
    issuer = Issuer()
    object.__setattr__(pages.app.extensions["porteria"], "token_keys", issuer.keys)
    case = open_one(pages.db, pages.party())
    staff = pages.staff()
    fill_in(staff, f"{DESK}/{case.id}", f"{DESK}/{case.id}/note", nth=1, text="Solo nosotros")
    answer(pages.db, open_one(pages.db, pages.party(2)).id)
    client, path = pages.app.test_client(), "/api/portal/v1/cases"
    headers = issuer.bearer("cases:read")
    listed = client.get(path, headers=headers).get_json()
    assert [one["state"] for one in listed["items"]] == ["answered", "unanswered"]
    assert (
        client.get(f"{path}?state=unanswered", headers=headers).get_json()["items"][0]["due_on"]
        == case.due_on.isoformat()
    )
    whole = client.get(f"{path}/{case.id}", headers=headers).get_json()
    assert whole["number"] == case.number
    assert [one["text"] for one in whole["messages"]] == ["Por favor."]
    assert client.get(f"{path}/{new_id()}", headers=headers).status_code == 404
    assert client.get(path, headers=issuer.bearer("invoices:read")).status_code == 403
    assert client.get(path).status_code == 401
