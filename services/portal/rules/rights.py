"""What a sub-account may do: the rights, and the one table that says which page each of them opens.

The pages check it (`client_required`), menus and buttons are shown after it (`may` in templates), and the tests go
through all of it.
"""

from collections.abc import Collection, Iterable

SEE_INVOICES, PAY_INVOICES, SEE_RECEIPTS = "see_invoices", "pay_invoices", "see_receipts"
SEE_CASES, OPEN_CASES = "see_cases", "open_cases"
EDIT_PROFILE, MANAGE_CONTACTS, SEE_MAIL = "edit_profile", "manage_contacts", "see_mail"
RIGHTS = (
    SEE_INVOICES,
    PAY_INVOICES,
    SEE_RECEIPTS,
    SEE_CASES,
    OPEN_CASES,
    EDIT_PROFILE,
    MANAGE_CONTACTS,
    SEE_MAIL,
)
"""Each apart, in the order in which pages show them. The client themself has all of them."""
ALL_RIGHTS = frozenset(RIGHTS)
NONE_NEEDED = ""
"""Opens to everybody who is let in."""
THE_CLIENT = "the_client"
"""No right, and nobody can give it: what the client alone does. Whoever can put another e-mail address into the place
of the client's would get the letter with which their password is set anew, and with it everything."""

_PAGES = {
    NONE_NEEDED: (
        "home.show",
        "choices.show",
        "choices.save",
        "guide.download",
        "security.show",
        "security.about",
        "security.begin",
        "security.restart",
        "security.confirm",
        "security.change",
        "security.end_session",
        "security.end_others",
    ),
    SEE_INVOICES: ("invoices.index", "invoices.show", "invoices.pdf", "invoices.document", "invoices.archive"),
    PAY_INVOICES: (
        "paying.choose",
        "paying.begin",
        "paying.result",
        "sandbox.show",
        "sandbox.decide",
        "reports.index",
        "reports.new",
        "reports.show",
        "reports.file",
    ),
    SEE_RECEIPTS: (
        "receipts.index",
        "receipts.show",
        "receipts.pdf",
        "statement.show",
        "statement.pdf",
        "statement.csv",
        "income.index",
        "income.show",
        "income.pdf",
    ),
    SEE_CASES: ("cases.index", "cases.show", "cases.file"),
    OPEN_CASES: ("cases.new", "cases.write"),
    EDIT_PROFILE: ("profile.show", "profile.save"),
    THE_CLIENT: ("emails.ask", "emails.begin", "emails.withdraw", "emails.open_link", "emails.confirm"),
    MANAGE_CONTACTS: ("contacts.index", "contacts.new", "contacts.edit", "contacts.act", "activity.index"),
    SEE_MAIL: ("letters.index",),
}
"""Right → the endpoints that it opens."""
_BESIDES = {"cases.write": SEE_CASES}
"""Endpoint → a second right that it needs: who writes in a request sees what stands there."""
NEEDED_BY = {
    endpoint: {right, _BESIDES.get(endpoint, NONE_NEEDED)} - {NONE_NEEDED}
    for right, endpoints in _PAGES.items()
    for endpoint in endpoints
}
"""Endpoint → what it needs, all of it."""


def may_open(rights: Collection[str], endpoint: str, *, is_client: bool = False) -> bool:
    """Whether these rights open a page; `is_client`: of the client themself.

    Raises KeyError for a page that is missing in the table.
    """
    return NEEDED_BY[endpoint] <= {*rights, *((THE_CLIENT,) if is_client else ())}


def needs_the_client(endpoint: str) -> bool:
    """Whether no right opens a page, because it is the client's own."""
    return THE_CLIENT in NEEDED_BY[endpoint]


def in_order(rights: Iterable[str]) -> list[str]:
    """Known rights, each once, in the order of RIGHTS."""
    held = set(rights)
    return [right for right in RIGHTS if right in held]
