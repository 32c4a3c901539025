"""Throttling, changing and recovering passwords, on both databases."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from limits import parse
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import inspect, select, text

from services.identity.actions.throttling import SqlStorage
from services.identity.models.credentials import Credential
from services.identity.rules.hashing import cost_of
from shared import clock
from shared.events.identity import CredentialIssued, CredentialRevoked, PasswordChanged, RecoveryRequested
from shared.events.mailer import LetterSent
from tests.support.identity import Identity, letter, running_identity

CHOSEN = "Tres-Lápices-Azules"
NEWER = "Siete-Gatos-Pintados"


@pytest.fixture
def identity(database_url: str, tmp_path: Path) -> Iterator[Identity]:
    with running_identity(
        database_url, tmp_path, account_limit="3 per 15 minutes", address_limit="6 per 15 minutes"
    ) as one:
        yield one


def test_too_many_failures_are_refused_alike_for_known_and_unknown_and_after_a_restart(identity: Identity) -> None:
    party, api = identity.add_party(), identity.client()
    for login in (party.document_number, "98765432"):
        for _ in range(3):
            assert api.verify(login, "wrong").status_code == 200
    again = identity.client(identity.new_app())
    known, unknown = again.verify(party.document_number, "wrong"), again.verify("98765432", "wrong")
    assert (known.status_code, unknown.status_code) == (429, 429)
    assert {k: v for k, v in known.json.items() if k != "correlation_id"} == {
        k: v for k, v in unknown.json.items() if k != "correlation_id"
    }
    assert 0 < int(known.headers["Retry-After"]) <= 900
    with time_machine.travel(clock.now() + timedelta(minutes=16), tick=True):
        assert identity.client().verify(party.document_number, "wrong").status_code == 200


def test_another_spelling_of_a_login_is_no_new_account(identity: Identity) -> None:
    api = identity.client()
    for login in ("1.234.567-8", "12345678", "1234567 8"):
        api.verify(login, "wrong")
    assert api.verify("1234567-8", "wrong").status_code == 429


def test_success_forgives_the_account(identity: Identity) -> None:
    password, login = _access(identity)
    api = identity.client()
    for _ in range(3):
        api.verify(login, "wrong")
        api.verify(login, "wrong")
        assert api.verify(login, password).json["valid"] is True


def test_an_address_that_tries_many_accounts_is_refused_and_an_ipv6_network_counts_as_one(identity: Identity) -> None:
    api = identity.client()
    for n in range(6):
        assert api.verify(f"5550000{n}", "wrong", f"2001:db8:1:2::{n}").status_code == 200
    assert api.verify("55500009", "wrong", "2001:db8:1:2::ffff").status_code == 429
    assert api.verify("55500009", "wrong", "2001:db8:1:3::1").status_code == 200


def test_attempts_at_the_same_time_are_all_counted(identity: Identity) -> None:
    limit = parse("10 per hour")

    def hit(_: int) -> bool:
        with identity.db.write() as session:
            return FixedWindowRateLimiter(SqlStorage(session)).hit(limit, "key")

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(hit, range(40))) == 10
    with identity.db.write() as session:
        storage = SqlStorage(session)
        assert storage.check()
        assert storage.get(limit.key_for("key")) == 40
        storage.clear(limit.key_for("key"))
        assert storage.get(limit.key_for("key")) == 0


def test_a_hash_of_a_lower_cost_is_renewed_at_sign_in(identity: Identity) -> None:
    party, api = identity.add_party(), identity.client()
    api.issue(party.party_id, mode="manual", password=CHOSEN, delivery="none")
    with running_identity(identity.settings.database_pattern, identity.settings.data, password_cost=11) as raised:
        assert raised.client().opens(party.document_number, CHOSEN)
        with raised.db.read() as session:
            hashed = session.scalars(select(Credential.password_hash)).one()
        assert hashed is not None
        assert cost_of(hashed) == 11
        assert raised.client().opens(party.document_number, CHOSEN)


def test_changing_the_password_ends_every_other_one(identity: Identity) -> None:
    password, login = _access(identity)
    party_id = identity.told(CredentialIssued)[-1].party_id
    api = identity.client()
    api.issue(party_id)  # its letter still waits
    waiting = identity.told(CredentialIssued)[-1]
    body = {"party_id": str(party_id), "current_password": password, "new_password": CHOSEN}
    answer = api.post("/passwords", body)
    assert answer.status_code == 200, answer.text
    assert not api.opens(login, password)
    assert not api.opens(login, identity.open(waiting))
    verified = api.verify(login, CHOSEN).json
    assert (verified["credential_id"], verified["must_change"]) == (answer.json["credential_id"], False)
    assert identity.told(PasswordChanged)[-1].party_id == party_id
    assert [e.reason for e in identity.told(CredentialRevoked)] == ["changed", "changed"]


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [
        ("wrong", CHOSEN, "current_password"),
        (None, "contraseña1", "new_password"),
        (None, "ñ" * 37, "new_password"),
        (None, None, "new_password"),
    ],
)
def test_a_change_that_cannot_be_is_refused_at_its_field(identity: Identity, current, new, field) -> None:
    password, login = _access(identity)
    party_id = identity.told(CredentialIssued)[-1].party_id
    body = {"party_id": str(party_id), "current_password": current or password, "new_password": new or password}
    answer = identity.client().post("/passwords", body)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert identity.client().opens(login, password)


def test_a_forgotten_password_is_set_anew_once(identity: Identity) -> None:
    password, login = _access(identity)
    api = identity.client()
    assert api.post("/recoveries", {"login": login}).status_code == 202
    (asked,) = identity.told(RecoveryRequested)
    token = identity.open(asked)
    assert api.post("/recoveries/check", {"token": token}).json == {"valid": True, "purpose": "recovery"}
    weak = api.post("/recoveries/complete", {"token": token, "new_password": "12345678"})
    assert (weak.status_code, weak.json["errors"][0]["field"]) == (422, "new_password")
    done = api.post("/recoveries/complete", {"token": token, "new_password": CHOSEN})
    assert (done.status_code, done.json["subject"]) == (200, str(asked.party_id))
    assert api.opens(login, CHOSEN)
    assert not api.opens(login, password)
    assert api.post("/recoveries/complete", {"token": token, "new_password": NEWER}).status_code == 410
    assert api.post("/recoveries/check", {"token": token}).json == {"valid": False, "reason": "used"}


def test_a_newer_recovery_makes_the_former_useless_and_each_ends_after_an_hour(identity: Identity) -> None:
    _, login = _access(identity)
    api = identity.client()
    api.post("/recoveries", {"login": login})
    api.post("/recoveries", {"login": login})
    first, second = (identity.open(event) for event in identity.told(RecoveryRequested))
    assert api.post("/recoveries/check", {"token": first}).json["valid"] is False
    assert api.post("/recoveries/check", {"token": second}).json["valid"] is True
    with time_machine.travel(clock.now() + timedelta(minutes=61), tick=True):
        late = identity.client().post("/recoveries/complete", {"token": second, "new_password": CHOSEN})
        assert late.status_code == 410


def test_who_was_never_let_in_or_was_shut_out_gets_no_recovery_letter_and_the_same_answer(identity: Identity) -> None:
    _, login = _access(identity)
    api = identity.client()
    api.post(f"/parties/{identity.told(CredentialIssued)[-1].party_id}/credentials/revoke")
    never = identity.add_party().document_number
    answers = [api.post("/recoveries", {"login": one}) for one in (login, never, "nobody@example.test", "99999999")]
    assert {(a.status_code, a.text) for a in answers} == {(202, "{}\n")}
    assert identity.told(RecoveryRequested) == []


def test_a_link_is_used_once_by_whoever_comes_first(identity: Identity) -> None:
    party, api = identity.add_party(), identity.client()
    api.issue(party.party_id, delivery="link")
    told = identity.told(CredentialIssued)[-1]
    token = identity.open(told)
    identity.hear(letter(LetterSent, told.credential_id))
    callers = [identity.client() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda c: c.post("/recoveries/complete", {"token": token, "new_password": CHOSEN}), callers)
        )
    assert sorted(a.status_code for a in answers) == [200, 410, 410, 410]
    verified = api.verify(party.document_number, CHOSEN).json
    assert (verified["credential_id"], verified["must_change"]) == (str(told.credential_id), False)


def test_issuing_again_kills_the_former_link(identity: Identity) -> None:
    party, api = identity.add_party(), identity.client()
    api.issue(party.party_id, delivery="link")
    first = identity.told(CredentialIssued)[-1]
    identity.hear(letter(LetterSent, first.credential_id))
    api.issue(party.party_id, delivery="link")
    assert api.post("/recoveries/check", {"token": identity.open(first)}).json == {"valid": False, "reason": "replaced"}
    second = identity.told(CredentialIssued)[-1]
    assert api.post("/recoveries/check", {"token": identity.open(second)}).json["purpose"] == "activation"


def test_no_secret_lies_in_clear_in_any_table(identity: Identity) -> None:
    password, login = _access(identity)
    api = identity.client()
    api.post("/recoveries", {"login": login})
    token = identity.open(identity.told(RecoveryRequested)[-1])
    api.issue(identity.add_party().party_id, mode="manual", password=CHOSEN)
    shown = api.issue(identity.add_party().party_id, delivery="none").json["password"]
    secrets = {password, password.replace("-", ""), token, CHOSEN, shown, shown.replace("-", "")}
    with identity.db.read() as session:
        for table in inspect(identity.db.engine).get_table_names():
            for row in session.execute(text(f'SELECT * FROM "{table}"')):
                content = " ".join(v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in row)
                assert not [one for one in secrets if one in content], f"a secret in {table}"


def test_the_answers_are_in_the_readers_language(identity: Identity) -> None:
    party, api = identity.add_party(), identity.client()
    for _ in range(4):
        answer = api.verify(party.document_number, "wrong")
    assert re.search("Demasiados intentos", answer.text)


def _access(identity: Identity) -> tuple[str, str]:
    """A party with a delivered password: the password and the login."""
    party = identity.add_party()
    identity.client().issue(party.party_id)
    told = identity.told(CredentialIssued)[-1]
    identity.hear(letter(LetterSent, told.credential_id))
    return identity.open(told), party.document_number
