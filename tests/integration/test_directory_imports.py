"""Imports of tables, on both databases."""

import io
import threading

import pytest

from services.directory.actions import applying, checks
from services.directory.jobs import Importer
from shared.events.directory import PartyDeactivated, PartyRegistered, PartyUpdated
from tests.support.directory import directory, table


@pytest.fixture
def made(tmp_path, database_url):
    with directory(tmp_path, database_url) as opened:
        yield opened


def rows(count, start=0):
    return [f"CC,{20_000_000 + n},Persona {n},inquilino,p{n}@example.com" for n in range(start, start + count)]


def counts(shown, *names):
    return tuple(shown["counts"][name] for name in names)


def test_a_file_is_applied_by_one_call_and_again_changes_nothing(made):
    content = table(*rows(25))
    first = made.imported(content)
    assert first["state"] == "finished"
    assert counts(first, "total", "created", "updated", "unchanged", "skipped") == (25, 25, 0, 0, 0)
    assert [type(event) for event in made.told()] == [PartyRegistered] * 25
    made.forget_told()
    second = made.imported(content)
    assert counts(second, "total", "created", "updated", "unchanged", "skipped") == (25, 0, 0, 25, 0)
    assert made.told() == []


def test_a_preview_waits_and_tells_what_applying_would_do(made):
    made.imported(table(*rows(3)))
    changed = rows(5)
    changed[0] = changed[0].replace("Persona 0", "Otro nombre")
    shown = made.imported(table(*changed, "CC,x,Mala,inquilino,"), apply="false")
    assert shown["state"] == "ready"
    assert counts(shown, "created", "updated", "unchanged", "skipped", "applied") == (2, 1, 2, 1, 0)
    assert made.names("q=otro") == []
    answer = made.call("POST", f"/imports/{shown['id']}/apply")
    assert answer.status_code == 202
    made.work()
    shown = made.shown(shown["id"])
    assert counts(shown, "created", "updated", "unchanged", "skipped", "applied") == (2, 1, 2, 1, 5)
    assert made.names("q=otro") == ["Otro nombre"]
    made.forget_told()
    assert made.call("POST", f"/imports/{shown['id']}/apply").status_code == 202
    made.work()
    assert made.told() == []


def test_bad_rows_are_told_by_row_and_column_and_the_good_ones_are_applied(made):
    good, lines = 0, []
    for n in range(600):
        bad = n % 3 == 0
        lines.append(f"CC,{'abc' if bad else 30_000_000 + n},Persona {n},inquilino,p{n}@example.com")
        good += not bad
    shown = made.imported(table(*lines))
    assert counts(shown, "created", "skipped") == (good, 200)
    assert len(shown["problems"]) == 200
    first = shown["problems"][0]
    assert (first["row"], first["column"], first["value"]) == (2, "documento", "abc")
    assert "tipo de documento" in first["message"]
    paged = made.call("GET", f"/imports/{shown['id']}/problems?limit=150").json
    assert len(paged["items"]) == 150
    assert paged["next"]


def test_the_same_document_twice_in_a_file_is_a_problem_of_the_later_row(made):
    shown = made.imported(table("CC,12345678,Ana,tenant,", *rows(3), "CC,12.345.678,Otra,owner,"))
    assert counts(shown, "created", "skipped") == (4, 1)
    (problem,) = shown["problems"]
    assert (problem["row"], problem["reason"]) == (6, "repeated_document")
    assert "fila 2" in problem["message"]
    assert made.names("document=12345678") == ["Ana"]


def test_a_repetition_is_seen_across_chunks_too(made):
    answer = made.upload(table(*rows(5), *rows(1)))
    made.work(rows=2)
    shown = made.shown(answer.json["id"])
    assert [problem["row"] for problem in shown["problems"]] == [7]


def test_a_shared_address_is_a_warning_and_both_are_applied(made):
    made.register(1, emails=[{"address": "casa@example.com"}])
    lines = ["CC,40000001,Ana,tenant,casa@example.com", "CC,40000002,Luis,tenant,otra@example.com",
             "CC,40000003,Eva,tenant,Otra@example.com", "CC,40000004,Sin,tenant,"]  # fmt: skip
    shown = made.imported(table(*lines))
    assert counts(shown, "created", "skipped", "warnings") == (4, 0, 3)
    assert [(entry["row"], entry["reason"]) for entry in shown["warnings"]] == [
        (2, "shared_email"),
        (4, "shared_email"),
        (5, "no_email"),
    ]


def test_an_import_adds_to_a_party_and_takes_nothing_away(made):
    party = made.register(
        1, document_number="12345678", classes=["owner"], notes="vecina", phones=["300 111 2222"],
        emails=[{"address": "old@example.com", "state": "valid"}],
    )  # fmt: skip
    made.forget_told()
    shown = made.imported(table("CC,12.345.678,Ana,tenant,new@example.com"))
    assert counts(shown, "updated") == (1,)
    now = made.call("GET", f"/parties/{party['id']}").json
    assert now["classes"] == ["tenant", "owner"]
    assert [(email["address"], email["principal"], email["state"]) for email in now["emails"]] == [
        ("old@example.com", False, "valid"),
        ("new@example.com", True, "unverified"),
    ]
    assert (now["notes"], now["phones"], now["document_number"]) == ("vecina", ["+573001112222"], "12345678")
    assert [type(event) for event in made.told()] == [PartyUpdated]
    assert counts(made.imported(table("CC,12.345.678,Ana,tenant,new@example.com")), "unchanged") == (1,)


def test_a_column_can_deactivate(made):
    made.imported(table(*rows(1)))
    made.forget_told()
    made.imported(table("CC,20000000,Persona 0,inquilino,no", header="tipo,documento,nombre,clase,activo"))
    assert [type(event) for event in made.told()] == [PartyDeactivated]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_files_as_spreadsheets_save_them_are_understood(tmp_path, sqlite_url, encoding, delimiter):
    text = "Tipo de documento,Número de documento,Nombres,Apellidos,Clase\r\nCC,12345678,José,Ñandú,Ambos\r\n"
    with directory(tmp_path, sqlite_url) as made:
        assert made.imported(text.replace(",", delimiter).encode(encoding))["state"] == "finished"
        assert made.names("q=nandu") == ["José Ñandú"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "vacío"),
        (b"\xef\xbb\xbf \r\n", "vacío"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "ni un CSV"),
        (b"PK\x03\x04\x14\x00", "Excel"),
        (b"nombre;correo\nAna;a@b.co\n", "tipo de documento"),
    ],
)
def test_a_file_that_cannot_be_a_table_is_refused_at_once(made, content, text):
    answer = made.upload(content, "personas.csv")
    assert answer.status_code == 422
    (error,) = answer.json["errors"]
    assert error["field"] == "file"
    assert text in error["message"]
    assert (made.call("GET", "/imports").json or {})["items"] == []


def test_a_header_without_rows_fails_with_a_reason(made):
    shown = made.imported(table())
    assert shown["state"] == "failed"
    assert "ninguna fila" in shown["error"]
    assert made.call("POST", f"/imports/{shown['id']}/apply").status_code == 409


def test_a_quotation_mark_that_never_closes_fails_and_nothing_is_applied(made):
    broken = [f"CC,{50_000_000 + n},{chr(34) if n == 3 else ''}Persona {n},tenant," for n in range(2000)]
    shown = made.imported(table(*broken))
    assert shown["state"] == "failed"
    assert "fila 5" in shown["error"]
    assert made.told() == []


def test_a_missing_file_and_a_missing_form_are_told_at_the_field(made):
    answer = made.call("POST", "/imports", data={"apply": "true"}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == ["file"]


class Endless(io.RawIOBase):
    """An upload of which nothing may be read."""

    def readable(self):
        return True

    def readinto(self, _buffer):
        raise AssertionError("the body was read although it is too large")


def test_two_gigabytes_are_refused_before_they_are_read(made):
    upload = {
        "CONTENT_LENGTH": str(2 * 1024**3),
        "CONTENT_TYPE": "multipart/form-data; boundary=x",
        "wsgi.input": Endless(),
    }
    answer = made.call("POST", "/imports", environ_overrides=upload)
    assert answer.status_code == 413
    assert answer.content_type == "application/problem+json"


def test_a_file_over_the_setting_is_refused_and_not_kept(tmp_path, sqlite_url):
    with directory(tmp_path, sqlite_url, import_megabytes=1) as made:
        answer = made.upload(table(*rows(20_000)))
        assert answer.status_code == 413
        assert (made.call("GET", "/imports").json or {})["items"] == []


def test_the_same_upload_twice_under_one_key_is_one_import(made):
    answers = [
        made.call("POST", "/imports", data={"file": (io.BytesIO(table(*rows(2))), "a.csv")}, key="k") for _ in range(2)
    ]
    assert answers[0].json["id"] == answers[1].json["id"]


class Died(Exception):
    """Stands for a kill: nothing after it runs."""


@pytest.mark.parametrize("where", ["finish_check", "_compare"])
@pytest.mark.parametrize("moment", [1, 2])
def test_a_check_that_was_interrupted_goes_on_where_it_was(made, monkeypatch, where, moment):
    answer = made.upload(table(*rows(50), "CC,x,Mala,tenant,"), apply="false")
    interrupt(monkeypatch, checks, where, moment)
    with pytest.raises(Died):
        made.work(rows=10)
    monkeypatch.undo()
    made.work(rows=10)
    shown = made.shown(answer.json["id"])
    assert (shown["state"], counts(shown, "total", "created", "skipped")) == ("ready", (51, 50, 1))
    assert len(shown["problems"]) == 1


@pytest.mark.parametrize("where", ["publish", "write_changes", "take_codes"])
@pytest.mark.parametrize("moment", [1, 3])
def test_an_import_that_was_interrupted_goes_on_and_applies_each_row_once(made, monkeypatch, where, moment):
    answer = made.upload(table(*rows(50)))
    interrupt(monkeypatch, applying, where, moment)
    with pytest.raises(Died):
        made.work(rows=10)
    monkeypatch.undo()
    made.work(rows=10)
    shown = made.shown(answer.json["id"])
    assert (shown["state"], counts(shown, "created", "applied")) == ("finished", (50, 50))
    assert made.call("GET", "/parties/count").json == {"count": 50}
    assert sorted(event.document_key for event in made.told()) == [str(20_000_000 + n) for n in range(50)]


def interrupt(monkeypatch, module, name, moment):
    """Let the `moment`-th call of a step raise after it has done its work (`finish_check` is only called once)."""
    calls = []
    real = getattr(module, name)

    def dying(*args, **more):
        calls.append(name)
        result = real(*args, **more)
        if len(calls) >= moment or name == "finish_check":
            raise Died
        return result

    monkeypatch.setattr(module, name, dying)


def test_an_import_that_fails_again_and_again_is_given_up_and_the_next_one_works(made, monkeypatch):
    broken = made.upload(table(*rows(5))).json["id"]
    interrupt(monkeypatch, applying, "publish", 1)
    for _ in range(4):
        with pytest.raises(Died):
            made.work()
    made.work()
    monkeypatch.undo()
    assert made.shown(broken)["state"] == "failed"
    assert made.call("GET", "/parties/count").json == {"count": 0}
    assert made.imported(table(*rows(5)))["state"] == "finished"


def test_two_workers_at_one_import_apply_each_row_once(made):
    answer = made.upload(table(*rows(300)))
    failures = []

    def work():
        importer = Importer(made.db, threading.Event(), language="es", rows=7)
        try:
            while made.shown(answer.json["id"])["state"] != "finished":
                importer.run()
        except Exception as error:  # noqa: BLE001 - reported below
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failures == []
    assert counts(made.shown(answer.json["id"]), "total", "created", "applied") == (300, 300, 300)
    assert len(made.told()) == 300


def test_the_queries_of_a_chunk_do_not_grow_with_its_rows(made):
    made.register(1)  # the counter of codes is there from now on
    sent = []
    for start, count in ((0, 5), (100, 200)):
        answer = made.upload(table(*rows(count, start)))
        with made.counting() as statements:
            made.work(rows=250)
        assert made.shown(answer.json["id"])["state"] == "finished"
        sent.append(len(statements))
    assert sent[0] == sent[1]


def test_codes_given_in_the_file_are_unique(made):
    made.register(1, code="A1")
    header = "tipo,documento,nombre,clase,codigo"
    lines = ["CC,20000001,Uno,tenant,A1", "CC,20000002,Dos,tenant,B1", "CC,20000003,Tres,tenant,B1",
             "CC,20000004,Cuatro,tenant,C-000009", "CC,20000005,Cinco,tenant,"]  # fmt: skip
    shown = made.imported(table(*lines, header=header))
    assert [(entry["row"], entry["reason"]) for entry in shown["problems"]] == [
        (2, "code_taken"),
        (4, "code_taken"),
        (5, "automatic_code"),
    ]
    assert counts(shown, "created") == (2,)


def test_a_code_taken_between_check_and_apply_leaves_only_that_row_out(made):
    header = "tipo,documento,nombre,clase,codigo"
    lines = ["CC,20000002,Dos,tenant,B1", "CC,20000003,Tres,tenant,B2"]
    shown = made.imported(table(*lines, header=header), apply="false")
    made.register(1, code="B1")
    made.call("POST", f"/imports/{shown['id']}/apply")
    made.work()
    shown = made.shown(shown["id"])
    assert (shown["state"], counts(shown, "created", "skipped")) == ("finished", (1, 1))
    assert [(entry["row"], entry["reason"]) for entry in shown["problems"]] == [(2, "code_taken")]
