"""Rules about contacts: one tick for two rights, what somebody can give, and telephone numbers."""

import pytest

from services.portal.rules.contacts import SEE_AND_PAY, given_rights, ticked_rights
from services.portal.rules.profile import normal_phone
from services.portal.rules.rights import PAY_INVOICES, SEE_CASES, SEE_INVOICES

BOTH = {SEE_INVOICES, PAY_INVOICES}


@pytest.mark.parametrize(
    ("ticks", "shown_both", "meant"),
    [
        ({SEE_AND_PAY}, False, BOTH),
        ({SEE_AND_PAY, SEE_CASES}, False, {*BOTH, SEE_CASES}),
        ({SEE_INVOICES}, False, {SEE_INVOICES}),
        (BOTH, False, BOTH),
        ({SEE_AND_PAY, *BOTH}, True, BOTH),
        ({SEE_AND_PAY, SEE_INVOICES}, True, {SEE_INVOICES}),  # only «pay» was taken away
        (BOTH, True, set()),  # the tick for both was taken away
        ({PAY_INVOICES}, True, {PAY_INVOICES}),
        (set(), True, set()),
    ],
)
def test_of_the_tick_for_two_rights_what_somebody_changed_counts(
    ticks: set[str], shown_both: bool, meant: set[str]
) -> None:
    assert ticked_rights(ticks, shown_both) == meant


def test_nobody_gives_or_takes_what_they_do_not_have() -> None:
    assert given_rights({"a", "b"}, {"c"}, {"a"}) == {"a", "c"}
    assert given_rights(set(), {"a", "c"}, {"a"}) == {"c"}


@pytest.mark.parametrize(
    ("typed", "region", "kept"),
    [
        ("300 123 4567", "CO", "+573001234567"),
        ("55 1234 5678", "MX", "+525512345678"),
        ("+52 55 1234 5678", "CO", "+525512345678"),
        ("0052 55 1234 5678", "CO", "+525512345678"),
        ("601 234 5678 ext. 12", "CO", "+576012345678;ext=12"),
        ("12", "CO", ""),
        ("mi número", "CO", ""),
        ("1" * 41, "CO", ""),
    ],
)
def test_telephone_numbers_are_kept_in_one_form(typed: str, region: str, kept: str) -> None:
    assert normal_phone(typed, region) == kept
