"""What answers mean, how fast letters may leave, and which addresses are possible."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.mailer.rules.addresses import AddressRefused, domain_of, envelope_address, searchable
from services.mailer.rules.pacing import Pace
from services.mailer.rules.smtp_url import parse_smtp_url
from services.mailer.rules.states import (
    Consequence,
    Verdict,
    consequence_of,
    readable_answer,
    trouble_delay,
    verdict_of,
)

DELAYS = (60.0, 300.0, 900.0)


@dataclass(frozen=True)
class Held:
    domain: str
    number: int


def test_only_answers_of_the_4xx_kind_are_tried_again() -> None:
    assert {code: verdict_of(code) for code in (250, 251, 421, 450, 550, 554)} == {
        250: Verdict.ACCEPTED,
        251: Verdict.ACCEPTED,
        421: Verdict.DEFERRED,
        450: Verdict.DEFERRED,
        550: Verdict.REFUSED,
        554: Verdict.REFUSED,
    }


def test_delays_grow_and_end() -> None:
    deferred = [consequence_of(Verdict.DEFERRED, attempts, DELAYS) for attempts in range(4)]
    assert deferred == [
        Consequence("pending", 60.0),
        Consequence("pending", 300.0),
        Consequence("pending", 900.0),
        Consequence("failed"),
    ]


@pytest.mark.parametrize("attempts", [0, 3, 50])
def test_what_nobody_can_know_is_uncertain_and_what_was_not_tried_costs_nothing(attempts: int) -> None:
    assert consequence_of(Verdict.UNKNOWN, attempts, DELAYS) == Consequence("uncertain")
    assert consequence_of(Verdict.UNTRIED, attempts, DELAYS) == Consequence("pending", 0.0)
    assert consequence_of(Verdict.REFUSED, attempts, DELAYS) == Consequence("failed")


def test_a_server_that_stays_away_is_tried_less_and_less_but_never_given_up() -> None:
    delays = [trouble_delay(failures) for failures in range(1, 40)]
    assert delays == sorted(delays)
    assert (delays[0], delays[-1]) == (1.0, 60.0)


@given(st.binary(max_size=2000))
def test_a_servers_answer_becomes_one_readable_line(answer: bytes) -> None:
    told = readable_answer(answer)
    assert told.isprintable()
    assert len(told) <= 500


def drain(pace: Pace[Held], until: float) -> list[tuple[float, Held]]:
    """What leaves when, with a clock of our own."""
    now, left = 0.0, []
    while now < until:
        letter, wait = pace.next(now)
        if letter is not None:
            left.append((now, letter))
        elif wait:
            now += wait
        else:
            break
    return left


def test_no_more_than_the_limit_leaves_in_any_second() -> None:
    pace: Pace[Held] = Pace(10, 0, 0.0)
    pace.hold(Held(f"d{n % 3}", n) for n in range(100))
    times = [at for at, _ in drain(pace, 60)]
    assert len(times) == 100
    assert all(later - earlier > 0.99 for earlier, later in zip(times, times[10:], strict=False))


def test_a_domain_keeps_its_limit_its_order_and_holds_up_nobody() -> None:
    pace: Pace[Held] = Pace(0, 2, 0.0)
    pace.hold([Held("slow", n) for n in range(20)] + [Held("fast", 99)])
    left = drain(pace, 5)
    assert next(at for at, letter in left if letter.domain == "fast") == 0.0
    slow = [letter.number for _, letter in left if letter.domain == "slow"]
    assert slow == sorted(slow)
    assert 9 <= len(slow) <= 11


def test_without_limits_nothing_waits() -> None:
    pace: Pace[Held] = Pace(0, 0, 0.0)
    pace.hold(Held("d", n) for n in range(1000))
    assert len(drain(pace, 0.001)) == 1000
    assert pace.crowded() == []


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("Ana@Example.TEST", "Ana@example.test"),
        ("ana@españa.test", "ana@xn--espaa-rta.test"),
        ("ñandú@example.test", "ñandú@example.test"),
        ("a+b=c@x.y", "a+b=c@x.y"),
    ],
)
def test_an_address_is_written_as_the_server_needs_it(written: str, sent: str) -> None:
    assert envelope_address(written) == sent


@given(st.text(max_size=60))
def test_no_address_can_break_a_command(text: str) -> None:
    try:
        address = envelope_address(text)
    except AddressRefused:
        return
    assert address.isprintable()
    assert not set(address) & set(" \r\n<>,;")


@pytest.mark.parametrize(
    "wrong", ["", "ana", "@x.y", "ana@", "a b@x.y", "a@b@c", "<a@b.c>", "a@-ñ-.x\n", "a@" + "b" * 300]
)
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(AddressRefused):
        envelope_address(wrong)


def test_search_forgets_accents_and_case() -> None:
    assert searchable("  José  ÑANDÚ ", "1.234") == "jose nandu 1.234"
    assert domain_of("a@Example.Test") == "example.test"
    assert domain_of("nothing") == ""


def test_the_servers_address_tells_how_to_talk_to_it() -> None:
    plain = parse_smtp_url("smtp://mail.example:2525")
    assert (plain.host, plain.port, plain.user, plain.verify) == ("mail.example", 2525, "", False)
    full = parse_smtp_url("smtp://ana%40x:p%2Fw@mail.example?starttls=required")
    assert (full.user, full.password, full.port, full.starttls, full.verify) == ("ana@x", "p/w", 587, "required", True)
    assert parse_smtp_url("smtps://mail.example").port == 465
    assert "p/w" not in repr(full)


@pytest.mark.parametrize(
    "wrong",
    ["http://x", "smtp://", "smtp://x?starttls=maybe", "smtp://x?tls=1", "smtp://x:99999999", "mail.example:25"],
)
def test_a_wrong_server_address_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError):
        parse_smtp_url(wrong)
