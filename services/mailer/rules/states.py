"""The states of a letter, and what the answer of a mail server makes of it.

pending → sending → sent | failed | uncertain, sending → pending (to be tried again), pending → cancelled | replaced,
sent → bounced. A letter that waits can be cancelled; one that is being sent can not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

PENDING, SENDING, SENT = "pending", "sending", "sent"
CANCELLED, REPLACED, FAILED, BOUNCED, UNCERTAIN = "cancelled", "replaced", "failed", "bounced", "uncertain"
STATES = (PENDING, SENDING, SENT, CANCELLED, REPLACED, FAILED, BOUNCED, UNCERTAIN)
WAITING_STATES = (PENDING, SENDING)

CREDENTIAL, CREDENTIAL_LINK, RECOVERY = "credential", "credential_link", "recovery"
STAFF_INVITATION, STAFF_RESET = "staff_invitation", "staff_reset"
GENERAL = "general"
"""What another system asked for, in its own words."""
TEST = "test"
"""A template tried out by somebody of the staff."""
EMAIL_CONFIRMATION, EMAIL_CHANGED = "email_confirmation", "email_changed"
CASE_OPENED, CASE_ANSWERED, CASE_EXTENDED = "case_opened", "case_answered", "case_extended"
CASE_CLOSED, CASE_REMINDER = "case_closed", "case_reminder"
REPORT_REJECTED, RECEIPT = "report_rejected", "receipt"
INVOICE_ISSUED, INCOME_PUBLISHED = "invoice_issued", "income_published"
REMINDER_BEFORE, REMINDER_DUE = "reminder_before", "reminder_due"
OVERDUE_FIRST, OVERDUE_SECOND, OVERDUE_THIRD = "overdue_first", "overdue_second", "overdue_third"
SUB_ACCOUNT_INVITATION, SUB_ACCOUNT_OPENED = "sub_account_invitation", "sub_account_opened"
INVITATION_CODE = "invitation_code"
REMINDERS = (REMINDER_BEFORE, REMINDER_DUE, OVERDUE_FIRST, OVERDUE_SECOND, OVERDUE_THIRD)
NOTICES = (
    EMAIL_CONFIRMATION,
    EMAIL_CHANGED,
    CASE_OPENED,
    CASE_ANSWERED,
    CASE_EXTENDED,
    CASE_CLOSED,
    CASE_REMINDER,
    REPORT_REJECTED,
    RECEIPT,
    INVOICE_ISSUED,
    *REMINDERS,
    INCOME_PUBLISHED,
    SUB_ACCOUNT_INVITATION,
    SUB_ACCOUNT_OPENED,
    INVITATION_CODE,
)
"""What the client area has to tell somebody; see rules/notices.py."""
KINDS = (CREDENTIAL, CREDENTIAL_LINK, RECOVERY, STAFF_INVITATION, STAFF_RESET, *NOTICES, GENERAL, TEST)
WITHOUT_DELAY = (
    RECOVERY,
    STAFF_INVITATION,
    STAFF_RESET,
    EMAIL_CONFIRMATION,
    EMAIL_CHANGED,
    SUB_ACCOUNT_INVITATION,
    SUB_ACCOUNT_OPENED,
    INVITATION_CODE,
    TEST,
)
"""Somebody sits and waits for these, or has to know at once."""

ANSWER_LIMIT = 500
TROUBLE_DELAYS = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
AUTHENTICATION_CODES = (530, 534, 535, 538)


class Verdict(StrEnum):
    """How an attempt went."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    """For good (5xx), or the letter can not be made."""
    DEFERRED = "deferred"
    """For now (4xx)."""
    INTERRUPTED = "interrupted"
    """The connection broke before the end of the letter: the server can not have taken it."""
    UNKNOWN = "unknown"
    """The connection broke between the final dot and the answer: nobody can tell whether it was taken."""
    UNTRIED = "untried"
    """It was not this letter's turn before the server went away; no attempt was made."""


@dataclass(frozen=True)
class Outcome:
    """What came of one letter. `seconds` is how long the attempt took, `at` when it began."""

    letter_id: UUID
    verdict: Verdict
    at: datetime
    seconds: float = 0.0
    code: int | None = None
    answer: str = ""


@dataclass(frozen=True)
class Consequence:
    """What an outcome does to its letter: its new state, and in how many seconds it is tried again."""

    state: str
    again_in: float | None = None


def consequence_of(verdict: Verdict, former_attempts: int, retry_delays: Sequence[float]) -> Consequence:
    """What follows from an attempt, after `former_attempts` others. Temporary refusals end after the last delay."""
    match verdict:
        case Verdict.ACCEPTED:
            return Consequence(SENT)
        case Verdict.REFUSED:
            return Consequence(FAILED)
        case Verdict.UNKNOWN:
            return Consequence(UNCERTAIN)
        case Verdict.UNTRIED:
            return Consequence(PENDING, 0.0)
        case Verdict.DEFERRED | Verdict.INTERRUPTED:
            if former_attempts >= len(retry_delays):
                return Consequence(FAILED)
            return Consequence(PENDING, retry_delays[former_attempts])


def verdict_of(code: int) -> Verdict:
    """The verdict of an SMTP reply code about one letter. What is no reply code counts as temporary."""
    if 200 <= code < 300:
        return Verdict.ACCEPTED
    return Verdict.REFUSED if 500 <= code < 600 else Verdict.DEFERRED


def blames_the_connection(code: int) -> bool:
    """Whether a reply to RCPT or DATA speaks of us or the server (sign in first, closing down), not of the letter."""
    return code in AUTHENTICATION_CODES or code == 421


def trouble_delay(failures: int) -> float:
    """Seconds until a server that failed `failures` times in a row is tried again."""
    return TROUBLE_DELAYS[min(failures, len(TROUBLE_DELAYS)) - 1]


def is_expired(expires_at: datetime, now: datetime) -> bool:
    """Whether what a letter carries is worth nothing any more."""
    return expires_at <= now


def readable_answer(answer: bytes | str) -> str:
    """A server's answer as text: no control characters, not endless."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:ANSWER_LIMIT]
