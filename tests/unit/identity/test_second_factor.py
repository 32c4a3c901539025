"""Codes of a phone and recovery codes: what is read as one, and which time step a code belongs to."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from services.identity.rules.policy import Policy
from services.identity.rules.second_factor import (
    RECOVERY_CODES,
    address_of,
    as_code,
    as_recovery_code,
    hash_recovery_code,
    in_fours,
    is_due,
    make_recovery_codes,
    matching_step,
    new_secret,
)
from services.identity.settings import Settings
from shared.settings import SettingsError

# RFC 6238, appendix B: the secret "12345678901234567890", SHA-1; the last six of the eight digits there.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
RFC_CODES = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}


@pytest.mark.parametrize("seconds", RFC_CODES)
def test_codes_are_those_of_the_standard(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    assert matching_step(RFC_SECRET, RFC_CODES[seconds], moment) == seconds // 30


@pytest.mark.parametrize(("off", "fits"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_off_by_one_step(off: int, fits: bool) -> None:
    moment = datetime.fromtimestamp(1111111109, UTC) + timedelta(seconds=off)
    assert (matching_step(RFC_SECRET, "081804", moment) is not None) == fits


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123-456"])
def test_a_code_is_read_however_it_is_spaced(typed: str) -> None:
    assert as_code(typed) == "123456"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "1" * 10_000])
def test_nothing_else_is_a_code(typed: str) -> None:
    assert as_code(typed) is None


def test_recovery_codes_differ_and_are_read_with_capitals_dashes_and_blanks() -> None:
    codes = make_recovery_codes()
    assert len(set(codes)) == RECOVERY_CODES
    for code in codes:
        assert as_code(code) is None
        shown = f" {code[:4]}-{code[4:8]} {code[8:]} ".upper()
        assert as_recovery_code(shown) == code
    assert as_recovery_code("contraseña12") is None


def test_the_hash_of_a_recovery_code_depends_on_owner_and_key() -> None:
    code = make_recovery_codes()[0]
    hashes = {
        hash_recovery_code(code, owner, key) for owner in ("staff 1", "party 1") for key in (b"a" * 32, b"b" * 32)
    }
    assert len(hashes) == 4


def test_the_address_names_who_and_where_and_holds_the_key() -> None:
    secret = new_secret()
    assert len(secret) == 32
    address = urlsplit(address_of(secret, "10.000.001", "Portería (agencia.example)"))
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert unquote(address.path) == "/Portería (agencia.example):10.000.001"
    assert parse_qs(address.query)["secret"] == [secret]
    assert in_fours(secret).replace(" ", "") == secret


def test_only_named_roles_without_one_have_to_set_it_up() -> None:
    roles = frozenset({"administrator"})
    assert is_due("administrator", roles, enrolled=False)
    assert not is_due("administrator", roles, enrolled=True)
    assert not is_due("agent", roles, enrolled=False)


def test_a_role_that_does_not_exist_is_named_at_the_start() -> None:
    with pytest.raises(SettingsError, match="PORTERIA_SECOND_FACTOR_ROLES"):
        Settings.load({"PORTERIA_SECOND_FACTOR_ROLES": "administrator,boss"})
    policy: Policy = Settings.load({"PORTERIA_SECOND_FACTOR_ROLES": "administrator, agent"}).policy
    assert policy.second_factor_roles == {"administrator", "agent"}
    assert Settings.load({}).policy.second_factor_roles == frozenset()
