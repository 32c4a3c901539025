"""The life of a credential, as a table of rules and as what no sequence of happenings may ever bring about."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.rules.lifecycle import (
    ACTIVE,
    EXPIRED,
    HAPPENINGS,
    ISSUED,
    LIVING,
    REPLACED,
    REVOKED,
    STATES,
    can_sign_in,
    is_expired,
    may_recover,
    may_return,
    must_change,
    state_after,
    states_before,
)

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@dataclass(frozen=True)
class Credential:
    state: str = ISSUED
    delivery: str = "password"
    origin: str = "random"
    expires_at: datetime | None = NOW + timedelta(days=7)
    first_used_at: datetime | None = None
    delivered_at: datetime | None = None
    end_reason: str | None = None
    issued_at: datetime = NOW
    password_hash: str | None = "x"


def lives(credential: Credential, happening: str) -> Credential:
    after = state_after(credential, happening)
    if after is None:
        return credential
    changed = replace(credential, state=after, end_reason=None if after in LIVING else happening)
    return replace(changed, first_used_at=NOW) if happening == "used" else changed


@given(st.lists(st.sampled_from(HAPPENINGS), max_size=12), st.sampled_from(["password", "link", "none"]))
def test_whatever_happens_in_whatever_order_the_dead_stay_dead(happenings: list[str], delivery: str) -> None:
    credential, ended_for = Credential(delivery=delivery), None
    for happening in happenings:
        before, credential = credential, lives(credential, happening)
        assert credential.state in STATES
        if ended_for is not None:
            assert credential == before
        if before.state in LIVING and credential.state not in LIVING:
            ended_for = happening
    assert credential.state != ISSUED or not {"used", "revoked", "expired", "replaced"} & set(happenings)


@given(st.lists(st.sampled_from(["letter_cancelled", "letter_failed", "expired", "replaced", "delivered"]), max_size=8))
def test_nothing_that_is_said_of_its_letter_takes_away_what_somebody_uses(happenings: list[str]) -> None:
    credential = lives(Credential(), "used")
    for happening in happenings:
        credential = lives(credential, happening)
    assert credential.state == ACTIVE


@pytest.mark.parametrize(
    ("state", "happening", "after"),
    [
        (ISSUED, "delivered", ACTIVE),
        (ISSUED, "letter_cancelled", REVOKED),
        (ISSUED, "replaced", REPLACED),
        (ACTIVE, "superseded", REVOKED),
        (ACTIVE, "expired", EXPIRED),
        (ACTIVE, "letter_cancelled", None),
        (REVOKED, "delivered", None),
        (EXPIRED, "used", None),
    ],
)
def test_a_state_leads_to_the_next(state: str, happening: str, after: str | None) -> None:
    assert state_after(Credential(state=state), happening) == after
    assert after is None or state in states_before(happening)


def test_a_delivered_link_takes_nothing_away_before_it_is_used() -> None:
    link = Credential(delivery="link")
    assert state_after(link, "delivered") is None
    assert state_after(link, "used") == ACTIVE


def test_only_the_password_of_what_was_superseded_may_return() -> None:
    assert may_return(Credential(state=REVOKED, end_reason="superseded"))
    assert not may_return(Credential(state=REVOKED, end_reason="revoked"))
    assert not may_return(Credential(state=REVOKED, end_reason="superseded", password_hash=None))
    assert not may_return(Credential(state=ACTIVE))


def test_it_expires_at_the_moment_and_only_unused() -> None:
    end = NOW + timedelta(days=7)
    assert not is_expired(Credential(), end - timedelta(seconds=1))
    assert is_expired(Credential(), end)
    assert not is_expired(Credential(first_used_at=NOW), end)
    assert not can_sign_in([Credential()], end)
    assert can_sign_in([Credential()], NOW)
    assert not can_sign_in([Credential(password_hash=None)], NOW)


def test_who_may_recover() -> None:
    delivered = NOW - timedelta(days=1)
    assert may_recover([Credential(state=ACTIVE)])
    assert may_recover([Credential(state=EXPIRED, delivered_at=delivered)])
    assert not may_recover([])
    assert not may_recover([Credential()])  # staff can still stop its letter
    assert not may_recover([Credential(state=REVOKED, delivered_at=delivered)])
    older = Credential(state=EXPIRED, delivered_at=delivered, issued_at=delivered)
    assert not may_recover([Credential(state=REVOKED, delivered_at=delivered), older])


def test_what_somebody_else_has_seen_must_be_changed_if_the_setting_says_so() -> None:
    for origin, expected in (("random", True), ("manual", True), ("chosen", False)):
        assert must_change(origin, initial_must_change=True) is expected
        assert must_change(origin, initial_must_change=False) is False
