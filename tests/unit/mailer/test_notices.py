"""What is a notice, and what is none."""

import pytest

from services.mailer.rules.notices import VALUES, WITH_TOKEN, NoticeRefused, check_notice
from services.mailer.rules.states import KINDS, NOTICES

GIVEN = {"number": "P-1", "subject": "Agua", "kind": "Queja", "due": "mañana", "salary": "9"}


def test_every_notice_has_its_values() -> None:
    assert set(VALUES) == set(NOTICES) <= set(KINDS)
    assert set(WITH_TOKEN) <= set(NOTICES)


def test_the_subject_of_a_case_is_its_topic_and_what_nobody_asked_for_is_left_out() -> None:
    told = check_notice("case_opened", "/customerarea/cases/1", GIVEN, has_secret=False)
    assert told == {"number": "P-1", "topic": "Agua", "kind": "Queja", "due": "mañana"}


@pytest.mark.parametrize(
    ("kind", "path", "has_secret"),
    [
        ("birthday", "/customerarea", False),
        ("case_opened", "/customerarea/cases/1", True),
        ("case_opened", "//evil.example", False),
        ("case_opened", "https://evil.example/", False),
        ("case_opened", "/customerarea.evil.example/", False),
        ("case_opened", "/customerarea/\n", False),
        ("case_opened", "/customerarea/\u202e", False),
        ("case_opened", "/api/portal/v1/invoices", False),
        ("case_opened", "/customerarea/" + "x" * 300, False),
        ("case_extended", "/customerarea/cases/1", False),
        ("email_confirmation", "/customerarea/profile/email/confirm?token=", False),
        ("email_confirmation", "/customerarea/profile/email/confirm", True),
    ],
)
def test_what_is_no_notice_is_refused(kind: str, path: str, has_secret: bool) -> None:
    with pytest.raises(NoticeRefused):
        check_notice(kind, path, GIVEN | {"address": "a@example.test", "until": "x"}, has_secret=has_secret)
