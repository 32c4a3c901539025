"""When two names may be the same person."""

import pytest

from services.directory.rules.similar import fewest_shared, is_near_equal, telling_words


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("José Pérez García", "GARCIA PEREZ, JOSE"),
        ("Carlos Gómes Ruiz", "Carlos Gómez Ruiz"),
        ("Luis Martínes Rojas", "Luis Martínez Rojas"),
        ("Inmobiliaria Ñandú S.A.S.", "Inmobiliaria Nandu SAS"),
    ],
)
def test_accents_order_punctuation_and_a_slip_do_not_make_another_name(name, other):
    assert is_near_equal(name, other)
    assert is_near_equal(other, name)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Ana Pérez García", "Juan Pérez García"),
        ("José Pérez García", "José Pérez"),
        ("Persona 1001", "Persona 1002"),
        ("", "Ana"),
        ("...", "..."),
    ],
)
def test_other_people_of_one_family_and_other_numbers_are_others(name, other):
    assert not is_near_equal(name, other)


def test_single_letters_tell_nothing_unless_there_is_nothing_else():
    assert telling_words("Ñandú S.A.S.") == ["nandu"]
    assert telling_words("J. R.") == ["j", "r"]
    assert [fewest_shared(words) for words in (1, 2, 3, 4)] == [1, 2, 2, 3]
