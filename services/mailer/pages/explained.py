"""Templates in the reader's words: what each placeholder is, and what is wrong with a draft."""

from collections.abc import Callable

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from services.mailer.rules.notices import VALUES
from services.mailer.rules.states import (
    CASE_ANSWERED,
    CASE_CLOSED,
    CASE_EXTENDED,
    CASE_OPENED,
    CASE_REMINDER,
    CREDENTIAL,
    EMAIL_CHANGED,
    EMAIL_CONFIRMATION,
    GENERAL,
    INCOME_PUBLISHED,
    INVITATION_CODE,
    INVOICE_ISSUED,
    OVERDUE_FIRST,
    OVERDUE_SECOND,
    OVERDUE_THIRD,
    RECEIPT,
    REMINDER_BEFORE,
    REMINDER_DUE,
    REPORT_REJECTED,
    STAFF_INVITATION,
    STAFF_RESET,
    SUB_ACCOUNT_INVITATION,
    SUB_ACCOUNT_OPENED,
)
from services.mailer.rules.templates import Problem

PLACEHOLDERS = {
    "name": _l("The name of whoever gets the letter."),
    "login": _l("The user with which they sign in: their document number."),
    "password": _l("The new password. It is put in only while the letter goes out and kept nowhere."),
    "expires": _l("Until when the password or link works, with date and hour."),
    "text": _l("What the other system wrote, with its paragraphs and links."),
    "address": _l("The new e-mail address."),
    "until": _l("Until when the link or code works, with date and hour."),
    "moment": _l("When it happened, with date and hour."),
    "number": _l("The number: of the PQRS, receipt, invoice or statement."),
    "topic": _l("The subject of the PQRS, as the client wrote it."),
    "kind": _l("What kind of PQRS it is."),
    "due": _l("The last day: for the answer, or to pay."),
    "reason": _l("The reason, as the agency gave it."),
    "client": _l("The name of the client."),
    "amount": _l("The amount with its currency; in reminders what is still owed."),
    "method": _l("How it was paid."),
    "concept": _l("What is paid for."),
    "period": _l("The days that the statement is about."),
    "code": _l("The code. It is put in only while the letter goes out and kept nowhere."),
}
PAGE = _l("The page of the client area on which the rest can be read.")
LINKS = {
    CREDENTIAL: _l("The address of the client area, where they sign in."),
    **dict.fromkeys(VALUES, PAGE),
    EMAIL_CONFIRMATION: _l("The single-use link on which the new address is confirmed."),
    CASE_REMINDER: _l("The PQRS in the back office."),
    SUB_ACCOUNT_INVITATION: _l("The single-use link on which the invitation is accepted."),
    SUB_ACCOUNT_OPENED: _l("The page on which they sign in."),
}
SINGLE_USE = _l("The single-use link of this person. Whoever opens it chooses a password.")
STAFF_LOGIN = _l("The user name with which they sign in.")
HINTS = {
    CREDENTIAL: _l("Goes out when a key with a password is issued."),
    "credential_link": _l("Goes out when a key with a single-use link is issued."),
    "recovery": _l("Goes out when a client forgot the password."),
    STAFF_INVITATION: _l("Goes out when somebody new is invited to the back office."),
    STAFF_RESET: _l("Goes out when somebody of the staff forgot the password."),
    EMAIL_CONFIRMATION: _l("Goes to the new address when a client wants another one."),
    EMAIL_CHANGED: _l("Goes to the former address when a client has changed it, so that nobody does it unnoticed."),
    CASE_OPENED: _l("Goes out when a client opened a PQRS: its number and the day of the answer."),
    CASE_ANSWERED: _l("Goes out when the agency answered a PQRS."),
    CASE_EXTENDED: _l("Goes out when the agency takes more time for a PQRS."),
    CASE_CLOSED: _l("Goes out when a PQRS was closed."),
    CASE_REMINDER: _l("Goes to the agency's own address when the deadline of a PQRS comes near."),
    REPORT_REJECTED: _l("Goes out when a payment that a client reported was not accepted."),
    RECEIPT: _l("Goes out when a payment was received."),
    INVOICE_ISSUED: _l("Goes out when an invoice was issued, if the agency wants that."),
    REMINDER_BEFORE: _l("Goes out some days before an invoice is due."),
    REMINDER_DUE: _l("Goes out on the last day to pay an invoice."),
    OVERDUE_FIRST: _l("Goes out some days after the last day to pay, if the invoice is not paid."),
    OVERDUE_SECOND: _l("Goes out if the invoice is still not paid some days later. It is firmer."),
    OVERDUE_THIRD: _l("The last one about an invoice that is not paid, and the firmest."),
    INCOME_PUBLISHED: _l("Goes out when an owner can see a new statement of income."),
    SUB_ACCOUNT_INVITATION: _l("Goes out when a client invites somebody to their client area."),
    SUB_ACCOUNT_OPENED: _l("Goes out when a client gave somebody access with a first password."),
    INVITATION_CODE: _l("Goes out when somebody accepts an invitation: the code proves that the address is theirs."),
    GENERAL: _l("The frame for messages that other systems send through here. Each brings its own subject and text."),
}


def placeholder_text(kind: str, name: str) -> str:
    """What stands in the place of a placeholder."""
    if name == "link":
        return str(LINKS.get(kind, SINGLE_USE))
    if name == "login" and kind in (STAFF_INVITATION, STAFF_RESET):
        return str(STAFF_LOGIN)
    return str(PLACEHOLDERS[name])


def problem_text(problem: Problem) -> str:
    """What is wrong and what to do."""
    return _TEXTS[problem.code](problem.what)


_TEXTS: dict[str, Callable[[str], str]] = {
    "empty": lambda _what: _("This can not be empty."),
    "long": lambda what: _("At most %(most)s characters.", most=what),
    "placeholder": lambda _what: _("The subject takes no placeholders: it is shown in lists and on locked phones."),
    "control": lambda _what: _("There is an invisible character that does not belong here. Write it anew by hand."),
    "missing": lambda what: _("{{ %(name)s }} is missing: without it the letter is worth nothing.", name=what),
    "unknown": lambda what: _("{{ %(name)s }} is not known here. Look at the list of placeholders.", name=what),
    "braces": lambda _what: _("There are braces {{ or }} that are no whole placeholder. Write it as in the list."),
    "line": lambda what: _("There must be a line that says only “%(line)s”: people copy from it.", line=what),
    "active": lambda what: _(
        "“%(what)s” is not allowed: mail programs run nothing, and treat it as an attack.", what=what
    ),
    "outside": lambda what: _(
        "“%(what)s” is not allowed: pictures and styles from elsewhere are blocked, and tell others who reads.",
        what=what,
    ),
    "tag": lambda what: _("The tag <%(what)s> is not allowed in letters.", what=what),
    "attribute": lambda what: _("The attribute “%(what)s” is not allowed in letters.", what=what),
    "href": lambda what: _(
        "The link “%(what)s” is not possible: write {{ link }}, or an address that begins with https://.", what=what
    ),
    "placed": lambda what: _(
        "In “%(what)s” no placeholder may stand: only in the text, or as the whole link.", what=what
    ),
    "comment": lambda _what: _("Comments and declarations (<!…>) are not allowed in letters."),
    "unclosed": lambda what: _("<%(what)s> is opened but not closed with </%(what)s>.", what=what),
    "unopened": lambda what: _("</%(what)s> closes something that was not opened.", what=what),
    "crossed": lambda what: _("</%(what)s> stands before something inside it was closed.", what=what),
    "broken": lambda _what: _("The HTML ends in the middle of a tag."),
}
