"""Returned messages: the words of many servers, and of people who are on holiday."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.mailer.rules.returned import Kind, Unreadable, parse_returned
from tests.support import returned

TO, MESSAGE_ID = "ana@example.test", "0193-abc@porteria.example"
Sample = Callable[[str, str], bytes]


@pytest.mark.parametrize("sample", [returned.postfix, returned.exchange, returned.gmail, returned.qmail])
def test_what_servers_return_tells_letter_recipient_and_reason(sample: Sample) -> None:
    found = parse_returned(sample(TO, MESSAGE_ID))
    assert found.kind is Kind.PERMANENT
    assert MESSAGE_ID in found.message_ids
    assert TO in found.recipients
    assert "550" in found.answer


def test_the_status_and_the_words_of_the_receiving_server_are_the_answer() -> None:
    found = parse_returned(returned.exchange(TO, MESSAGE_ID))
    assert found.status == "5.1.10"
    assert found.answer.startswith("550 5.1.10 RESOLVER.ADR.RecipientNotFound")
    bare = parse_returned(returned.postfix(TO, MESSAGE_ID, code="mailbox is gone"))
    assert bare.answer == "5.1.1 mailbox is gone"


def test_a_warning_of_delay_is_not_the_end() -> None:
    assert parse_returned(returned.delayed(TO, MESSAGE_ID)).kind is Kind.TEMPORARY


def test_a_receipt_is_no_failure() -> None:
    receipt = returned.postfix(TO, MESSAGE_ID, action="delivered", status="2.0.0", code="250 ok")
    assert parse_returned(receipt).kind is Kind.NONE


@pytest.mark.parametrize("sample", [returned.vacation, returned.reply])
def test_what_people_and_their_assistants_answer_is_no_failure(sample: Sample) -> None:
    assert parse_returned(sample(TO, MESSAGE_ID)).kind is Kind.NONE


def test_a_letter_that_somebody_forwards_names_no_message_of_its_own() -> None:
    """Only what came back with the report counts, not the report's own Message-ID."""
    content = b"Message-ID: <own@mx.example>\r\n" + returned.postfix(TO, MESSAGE_ID)
    assert parse_returned(content).message_ids == (MESSAGE_ID,)


@pytest.mark.parametrize("content", [b"", b"\x00\xff\x00\xff", b"no headers\r\n\r\nat all"])
def test_what_is_no_message_is_refused(content: bytes) -> None:
    with pytest.raises(Unreadable):
        parse_returned(content)


@given(st.binary(max_size=400))
def test_nothing_that_anybody_sends_breaks_it(noise: bytes) -> None:
    whole = returned.postfix(TO, MESSAGE_ID)
    for content in (noise, whole[:300] + noise + whole[300:], whole[: len(noise) * 3] + noise):
        try:
            found = parse_returned(content)
        except Unreadable:
            continue
        assert len(found.answer) <= 500
        assert all(len(one) <= 320 for one in found.message_ids + found.recipients)
