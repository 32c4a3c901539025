"""Keyset paging."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select

from shared.db import Database
from shared.web import BadCursor, paginate
from tests.support.web import Base, Shelf, Thing


def opened(url: str):
    db = Database(url.replace("{service}", "directory"))
    Base.metadata.create_all(db.engine)
    yield db
    db.dispose()


@pytest.fixture
def db(sqlite_url: str):
    yield from opened(sqlite_url)


@pytest.fixture
def db_of_both(database_url: str):
    yield from opened(database_url)


def fill(db: Database, rooms: list[str]) -> None:
    with db.write() as session:
        session.execute(delete(Shelf))
        if rooms:
            session.execute(insert(Shelf), [{"room": room} for room in rooms])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rooms=st.lists(st.sampled_from("abcdñ"), max_size=12),
    room_down=st.booleans(),
    id_down=st.booleans(),
    limit=st.integers(1, 5),
)
def test_walking_forth_and_back_shows_every_row_once_and_in_order(db_of_both, rooms, room_down, id_down, limit):
    fill(db_of_both, rooms)
    order = [(Shelf.room, room_down), (Shelf.id, id_down)]
    with db_of_both.read() as session:
        ordered = [Shelf.room.desc() if room_down else Shelf.room, Shelf.id.desc() if id_down else Shelf.id]
        expected = [shelf.id for shelf in session.scalars(select(Shelf).order_by(*ordered))]
        pages = [paginate(session, select(Shelf), order, limit=limit)]
        while pages[-1].next:
            pages.append(paginate(session, select(Shelf), order, cursor=pages[-1].next, limit=limit))
        assert [shelf.id for page in pages for shelf in page.items] == expected
        assert pages[0].previous is None
        back = pages[-1]
        for page in reversed(pages[:-1]):
            back = paginate(session, select(Shelf), order, cursor=back.previous, limit=limit)
            assert [shelf.id for shelf in back.items] == [shelf.id for shelf in page.items]
        assert back.previous is None or len(pages) == 1


def test_rows_that_come_and_go_meanwhile_neither_repeat_nor_hide_others(db):
    fill(db, ["a", "b", "c", "d"])
    order = [(Shelf.room, False), (Shelf.id, False)]
    with db.read() as session:
        first = paginate(session, select(Shelf), order, limit=2)
    with db.write() as session:
        session.execute(delete(Shelf).where(Shelf.room.in_(["a", "b"])))
        session.execute(insert(Shelf), [{"room": "0"}])
    with db.read() as session:
        second = paginate(session, select(Shelf), order, cursor=first.next, limit=2)
    assert [shelf.room for shelf in second.items] == ["c", "d"]


def test_rows_of_several_columns_are_paged_as_rows(db):
    fill(db, ["a", "b"])
    with db.read() as session:
        page = paginate(session, select(Shelf.room, Shelf.id), [(Shelf.room, True), (Shelf.id, False)], limit=1)
    assert page.items[0].room == "b"


def test_a_cursor_of_another_order_is_refused(db):
    fill(db, ["a", "b"])
    with db.read() as session:
        page = paginate(session, select(Shelf), [(Shelf.id, False)], limit=1)
        with pytest.raises(BadCursor):
            paginate(session, select(Shelf), [(Shelf.id, True)], cursor=page.next, limit=1)


@settings(max_examples=100, deadline=None)
@given(cursor=st.text(min_size=1, max_size=40))
def test_no_text_of_strangers_gets_further_than_the_check(tmp_path_factory, cursor):
    db = Database(f"sqlite:///{tmp_path_factory.getbasetemp()}/cursors.db")
    Base.metadata.create_all(db.engine)
    with db.read() as session, pytest.raises(BadCursor):
        paginate(session, select(Thing), [(Thing.name, False), (Thing.id, False)], cursor=cursor)
    db.dispose()
