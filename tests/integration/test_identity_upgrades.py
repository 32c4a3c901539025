"""A database that was at work is upgraded and taken back: what stands in it stays."""

from pathlib import Path

from alembic import command
from sqlalchemy import text

from services.identity.settings import Settings
from shared import migrations
from shared.db import Database, new_id

BEFORE = "2026-11-01 10:00:00+00:00"


def test_staff_sessions_and_clients_of_before_survive_the_way_there_and_back(database_url: str, tmp_path: Path):
    db = Database(Settings(data=tmp_path, database_pattern=database_url).database_url("identity"))
    config = migrations._config("identity", db)
    try:
        command.upgrade(config, "0001")
        staff, id_of_session = new_id().hex, new_id().hex
        with db.write() as session:
            columns = "id, username, name, role, language, password_hash, must_change, active, created_at"
            values = ":id, 'ana', 'Ana', 'agent', '', 'x', false, true, :at"
            session.execute(text(f"INSERT INTO staff ({columns}) VALUES ({values})"), {"id": staff, "at": BEFORE})
            session.execute(
                text(
                    "INSERT INTO staff_sessions (id, token_hash, staff_id, started_at, expires_at)"
                    " VALUES (:id, :token, :staff, :at, :at)"
                ),
                {"id": id_of_session, "token": b"t" * 32, "staff": staff, "at": BEFORE},
            )
            session.execute(
                text(
                    "INSERT INTO oauth_clients (client_id, name, secret_hash, scopes, redirect_uris, first_party,"
                    " created_at) VALUES ('erp-1', 'ERP', :hash, '[]', '[]', false, :at)"
                ),
                {"hash": b"h" * 32, "at": BEFORE},
            )
        for steps in (("head", None), (None, "0001"), ("head", None)):
            if steps[0]:
                command.upgrade(config, steps[0])
            else:
                command.downgrade(config, str(steps[1]))
            with db.read() as session:
                assert session.scalars(text("SELECT name FROM staff")).all() == ["Ana"]
                assert session.scalars(text("SELECT count(*) FROM staff_sessions")).one() == 1
                assert session.scalars(text("SELECT name FROM oauth_clients")).all() == ["ERP"]
        with db.read() as session:
            (invited,) = session.scalars(text("SELECT invited FROM staff")).all()
        assert not invited
        command.check(config)
    finally:
        db.dispose()
