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

_PAGES = {
    NONE_NEEDED: (
        "home.show",
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
    EDIT_PROFILE: (
        "profile.show",
        "profile.save",
        "emails.ask",
        "emails.begin",
        "emails.withdraw",
        "emails.confirm",
    ),
    MANAGE_CONTACTS: (),
    SEE_MAIL: (),
}
"""Right → the endpoints that it opens."""
OPENED_BY = {endpoint: right for right, endpoints in _PAGES.items() for endpoint in endpoints}


def may_open(rights: Collection[str], endpoint: str) -> bool:
    """Whether these rights open a page. Raises KeyError for a page that is missing in the table."""
    needed = OPENED_BY[endpoint]
    return needed == NONE_NEEDED or needed in rights


def in_order(rights: Iterable[str]) -> list[str]:
    """Known rights, each once, in the order of RIGHTS."""
    held = set(rights)
    return [right for right in RIGHTS if right in held]
