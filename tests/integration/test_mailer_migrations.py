"""Letters that are there already survive the way forward and back, on both databases."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from alembic import command

from services.mailer.queries import LetterFilter, list_letters
from shared import clock, migrations
from shared.db import Database, UtcDateTime, new_id


def at(url: str, revision: str) -> Database:
    """A mailer's database as it was at a revision."""
    db = Database(url.replace("{service}", "mailer"))
    command.upgrade(migrations._config("mailer", db), revision)
    return db


def letters(db: Database) -> sa.Table:
    return sa.Table("letters", sa.MetaData(), autoload_with=db.engine)


def an_old_letter() -> dict[str, Any]:
    now, letter_id = clock.now(), new_id()
    moments = dict.fromkeys(("created_at", "due_at"), now)
    texts = {"name": "Íñigo Núñez", "document": "CC 1.234", "login": "1234", "address": "inigo@correo.test"}
    return {
        **texts,
        **moments,
        "id": letter_id,
        "kind": "credential",
        "state": "pending",
        "domain": "correo.test",
        "language": "es",
        "search": "inigo nunez cc 1.234 1234 inigo@correo.test",
        "expires_at": now + timedelta(days=7),
        "message_id": f"{letter_id}@porteria.example",
        "delayed": True,
        "attempts": 0,
        "ciphertext": b"x",
        "sealing_key": "k",
    }


def test_old_letters_are_found_after_the_upgrade_and_kept_by_the_downgrade(database_url: str) -> None:
    db = at(database_url, "0001")
    table, row = letters(db), an_old_letter()
    table.c.id.type = sa.Uuid()
    for column in table.c:
        if column.name.endswith("_at") and column.name in row:
            column.type = UtcDateTime()
    with db.engine.begin() as connection:
        connection.execute(table.insert(), row)
    migrations.migrate("mailer", db)
    with db.read() as session:
        for words in ("nunez", "correo.t", "1234", "1.2"):
            assert [one.id for one in list_letters(session, LetterFilter(text=words)).items] == [row["id"]], words
    command.downgrade(migrations._config("mailer", db), "0001")
    with db.engine.connect() as connection:
        (search,) = connection.scalars(sa.text("SELECT search FROM letters"))
    assert "inigo nunez" in search
    migrations.migrate("mailer", db)
    with db.read() as session:
        assert len(list_letters(session, LetterFilter(text="nunez")).items) == 1
    db.dispose()
