"""Notices of the client area: which there are, what each says, and what is no notice at all."""

import re
from collections.abc import Mapping

from services.mailer.rules.states import (
    CASE_ANSWERED,
    CASE_CLOSED,
    CASE_EXTENDED,
    CASE_OPENED,
    CASE_REMINDER,
    EMAIL_CHANGED,
    EMAIL_CONFIRMATION,
    INCOME_PUBLISHED,
    INVITATION_CODE,
    INVOICE_ISSUED,
    RECEIPT,
    REMINDERS,
    REPORT_REJECTED,
    SUB_ACCOUNT_INVITATION,
    SUB_ACCOUNT_OPENED,
)

VALUES = {
    EMAIL_CONFIRMATION: ("address", "until"),
    EMAIL_CHANGED: ("address", "moment"),
    CASE_OPENED: ("number", "topic", "kind", "due"),
    CASE_ANSWERED: ("number", "topic"),
    CASE_EXTENDED: ("number", "topic", "due", "reason"),
    CASE_CLOSED: ("number", "topic", "reason"),
    CASE_REMINDER: ("number", "topic", "due", "client"),
    REPORT_REJECTED: ("amount", "reason"),
    RECEIPT: ("number", "amount", "method", "concept"),
    INVOICE_ISSUED: ("number", "amount", "due", "concept"),
    **dict.fromkeys(REMINDERS, ("number", "amount", "due", "concept")),
    INCOME_PUBLISHED: ("number", "period", "amount"),
    SUB_ACCOUNT_INVITATION: ("client", "until"),
    SUB_ACCOUNT_OPENED: ("client",),
    INVITATION_CODE: ("client", "until"),
}
"""Kind → what it says besides the link and the name, as templates call it."""
TOLD_AS = {"topic": "subject"}
"""What the event calls otherwise: the subject of a template is that of the letter."""
WITH_TOKEN = (EMAIL_CONFIRMATION, SUB_ACCOUNT_INVITATION)
"""Kinds whose link holds a secret."""
WITH_CODE = (INVITATION_CODE,)
"""Kinds that say a secret: a code that somebody types where they are asked for it."""
SEALED = WITH_TOKEN + WITH_CODE
"""Kinds that bring a secret."""
FOUND_BY = ("number", "topic", "client")
"""Values by which a letter is found."""
VALUE_LIMIT = 2_000
PATH = re.compile(r"/(customerarea|backoffice)(/[\w\-./~%]*)?(\?[\w\-./~%=&]*)?", re.ASCII)
PATH_LIMIT = 300


class NoticeRefused(Exception):
    """No letter can be written from this notice; the text says why."""


def check_notice(kind: str, path: str, values: Mapping[str, str], *, has_secret: bool) -> dict[str, str]:
    """The values for the template of its kind; raises NoticeRefused. Others are left out."""
    if kind not in VALUES:
        raise NoticeRefused("this kind of notice is not known")
    if not _is_page(path):
        raise NoticeRefused("the path is no page of this installation")
    if has_secret != (kind in SEALED) or path.endswith("?token=") != (kind in WITH_TOKEN):
        raise NoticeRefused("the link of this kind of notice is opened in another way")
    told = {name: TOLD_AS.get(name, name) for name in VALUES[kind]}
    if missing := [name for name in told.values() if name not in values]:
        raise NoticeRefused(f"without {', '.join(missing)} this notice says nothing")
    return {name: values[source][:VALUE_LIMIT] for name, source in told.items()}


def check_stop_path(path: str) -> None:
    """The page on which the reader says not to want such letters, "" if there is none; raises NoticeRefused."""
    if path and (not _is_page(path) or "?" in path):
        raise NoticeRefused("the path for stopping such letters is no page of this installation")


def _is_page(path: str) -> bool:
    return len(path) <= PATH_LIMIT and PATH.fullmatch(path) is not None
