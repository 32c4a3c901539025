"""Passwords: generated, typed, refused, hashed."""

import unicodedata

import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.identity.rules import hashing
from services.identity.rules.hashing import cost_of, dummy_hash, hash_generated, hash_typed, is_generated, matching
from services.identity.rules.passwords import (
    ALPHABET,
    PasswordTooLong,
    PasswordTooShort,
    PasswordTooWeak,
    PasswordUnreadable,
    as_generated,
    check_choice,
    generate_password,
    in_groups,
    normalise,
)
from services.identity.rules.weakness import Reason

COST = 7
GOOD = "Tres-Lápices-Azules"


def test_a_generated_password_has_no_lookalikes_and_no_double() -> None:
    made = {generate_password() for _ in range(500)}
    assert len(made) == 500
    assert set("".join(made)) <= set(ALPHABET)
    assert not set(ALPHABET) & set("il1o0")
    assert {len(one) for one in made} == {16}


@given(st.text(ALPHABET, min_size=16, max_size=16))
def test_a_generated_password_is_read_with_or_without_dashes_and_in_capitals(password: str) -> None:
    shown = in_groups(password)
    assert shown.count("-") == 3
    for typed in (shown, password, shown.upper(), shown.replace("-", " "), f"  {shown}\n", shown.replace("-", "–")):
        assert as_generated(typed) == password


@pytest.mark.parametrize("typed", ["", "abc", GOOD, "a" * 15, "a" * 17, "x" * 5000, "aaaa-aaaa-aaaa-aaa1"])
def test_anything_else_is_no_generated_password(typed: str) -> None:
    assert as_generated(typed) is None


def test_over_72_bytes_is_refused_and_72_are_not() -> None:
    longest = "Tres lápices azules y siete gatos pintados miran pasar el tren de hoy"
    longest += "!" * (72 - len(longest.encode()))
    assert check_choice(longest) == longest
    for long in (longest + "x", "x" * 73, "ñ" * 72, "🗝" * 19):
        with pytest.raises(PasswordTooLong):
            check_choice(long)


def test_the_same_text_from_two_keyboards_is_the_same_password() -> None:
    assert normalise(unicodedata.normalize("NFD", GOOD)) == normalise(unicodedata.normalize("NFC", GOOD))


@pytest.mark.parametrize("short", ["", "corta", "1234567"])
def test_short_ones_are_refused(short: str) -> None:
    with pytest.raises(PasswordTooShort):
        check_choice(short)


@pytest.mark.parametrize("odd", ["abc\x00defghij", "con\ttabulador", "\ud800" * 9])
def test_what_nobody_types_is_refused(odd: str) -> None:
    with pytest.raises(PasswordUnreadable):
        check_choice(odd)


@pytest.mark.parametrize(
    "weak", ["contraseña", "Contraseña123", "inquilino2026", "bogota2026", "12345678", "teamomucho1"]
)
def test_spanish_words_do_not_make_a_strong_password(weak: str) -> None:
    with pytest.raises(PasswordTooWeak):
        check_choice(weak)


@pytest.mark.parametrize("weak", ["GómezRestrepo1", "gomezrestrepo", "1.234.567-8", "12345678a"])
def test_what_others_know_about_the_person_does_not_either(weak: str) -> None:
    with pytest.raises(PasswordTooWeak):
        check_choice(weak, {"name": "Gómez Restrepo", "document": "1.234.567-8 12345678"})


def test_a_good_one_is_taken() -> None:
    assert check_choice(GOOD, {"name": "Ana Pérez"}) == GOOD


@pytest.mark.parametrize(
    ("weak", "reasons"),
    [
        ("Carlos1990", [Reason("name", "carlos"), Reason("year")]),
        ("C4rl0s--!", [Reason("name", "carlos")]),
        ("solracsolrac", [Reason("repeat")]),
        ("12345678.", [Reason("document", "12345678")]),
        ("gomezltda7", [Reason("email", "gomezltda")]),
        ("contraseña77", [Reason("word_and_signs"), Reason("repeat")]),
        ("princesa.", [Reason("word_and_signs")]),
        ("princesaamor", [Reason("word")]),
        ("qwertyuiop", [Reason("word")]),
        ("poiuytre", [Reason("keyboard")]),
        ("aaaaaaaaaaaa", [Reason("repeat")]),
        ("17-06-1985", [Reason("date")]),
    ],
)
def test_the_refusal_tells_why(weak: str, reasons: list[Reason]) -> None:
    personal = {"name": "Carlos Núñez", "document": "12.345.678 12345678", "email": "c.n@gomezltda.example"}
    with pytest.raises(PasswordTooWeak) as refused:
        check_choice(weak, personal)
    assert refused.value.reasons == reasons


def test_what_was_typed_is_never_repeated_in_a_reason() -> None:
    with pytest.raises(PasswordTooWeak) as refused:
        check_choice("secreto1", {"name": "Carlos Núñez"})
    assert {reason.word for reason in refused.value.reasons} == {""}


def test_a_name_among_unrelated_words_is_no_reason_to_refuse() -> None:
    assert check_choice("carlos caracol violeta martillo", {"name": "Carlos Núñez"})


def test_each_password_opens_its_own_hash_and_no_other() -> None:
    first, second = generate_password(), generate_password()
    chosen = hash_typed(GOOD, COST)
    hashes = [hash_generated(first), chosen]
    assert matching(in_groups(first), hashes, COST) == hashes[0]
    assert matching(GOOD, hashes, COST) == chosen
    for wrong in (second, GOOD.lower(), "", " ", "x" * 5000, GOOD + "\x00", "\ud800"):
        assert matching(wrong, hashes, COST) is None


def test_two_typed_passwords_share_a_salt_and_one_computation() -> None:
    chosen = hash_typed(GOOD, COST)
    manual = hash_typed("Otra-Cosa-99", COST, beside=chosen)
    assert manual[:29] == chosen[:29]
    assert matching("Otra-Cosa-99", [manual, chosen], COST) == manual
    assert matching(GOOD, [manual, chosen], COST) == chosen
    assert not is_generated(manual)
    assert hash_typed("Otra-Cosa-99", COST, beside=hash_generated(generate_password()))[:29] != manual[:29]


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=90))
def test_the_hash_of_nothing_opens_for_nobody(password: str) -> None:
    assert matching(password, [dummy_hash(COST), dummy_hash(4)], COST) is None


@pytest.mark.parametrize(
    "kinds",
    [[], ["generated"], ["generated", "generated"], ["typed"], ["typed", "typed"], ["generated", "typed"], ["older"]],
)
@pytest.mark.parametrize("right", [True, False])
def test_the_work_is_the_same_whatever_exists_and_whatever_is_typed(
    kinds: list[str], right: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    generated = generate_password()
    typed = hash_typed(GOOD, COST)
    beside = hash_typed("Otra-Cosa-99", COST, beside=typed)
    made = {"generated": iter([hash_generated(generated), hash_generated(generate_password())])}
    made |= {"typed": iter([typed, beside]), "older": iter([hash_typed(GOOD, COST - 2)])}
    hashes = [next(made[kind]) for kind in kinds]
    work = 0
    real = bcrypt.hashpw

    def counted(password: bytes, salt: bytes) -> bytes:
        nonlocal work
        work += 2 ** cost_of(salt.decode())
        return real(password, salt)

    monkeypatch.setattr(hashing.bcrypt, "hashpw", counted)
    tried = (generated if "generated" in kinds else GOOD) if right else "equivocada"
    assert (matching(tried, hashes, COST) is not None) is (right and bool(kinds))
    assert work == 2**COST + 2 * 2**4
