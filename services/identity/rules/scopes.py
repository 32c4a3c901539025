"""What a token may allow: the one list of scopes."""

from collections.abc import Iterable

API_SCOPES = {
    "parties:read": "Read the directory",
    "parties:write": "Change the directory and import into it",
    "credentials:issue": "Issue and revoke credentials, one by one and in batches",
    "credentials:verify": "Check the password with which a client signs in",
    "passwords:write": "Change and recover passwords of clients",
    "keys:read": "Read the public keys for which secrets are sealed",
    "letters:read": "Read letters and the state of the queue",
    "letters:cancel": "Cancel letters that wait",
    "letters:send": "Ask for letters",
    "queue:control": "Pause and resume the sending of letters",
    "addresses:write": "Block e-mail addresses and release them",
    "bounces:write": "Report letters that came back",
    "attention:read": "Read what needs attention",
    "invoices:read": "Read invoices",
    "invoices:write": "Create and void invoices",
    "payments:read": "Read payments and receipts",
    "payments:write": "Record payments",
    "cases:read": "Read PQRS",
    "contacts:read": "Read contacts and sub-accounts",
    "guests:write": "Let in people who are no party: sub-accounts of the client area",
    "audit:read": "Read the audit trail",
}
"""Scopes of the REST interface, for clients that act for themselves."""

OPENID_SCOPES = {
    "openid": "Know who you are",
    "profile": "See your name, language and roles",
    "email": "See your e-mail address",
}
"""Scopes of OpenID Connect, for clients in which the staff signs in."""


class UnknownScope(Exception):
    """Scopes that do not exist; the message names them."""

    def __init__(self, unknown: Iterable[str]) -> None:
        self.unknown = sorted(unknown)
        super().__init__(f"unknown scope {', '.join(self.unknown)}; known are {', '.join(API_SCOPES)}")


def check_scopes(scopes: Iterable[str]) -> list[str]:
    """The scopes without repetition, in the order of the list; raises UnknownScope."""
    wanted = set(scopes)
    if unknown := wanted - set(API_SCOPES):
        raise UnknownScope(unknown)
    return [scope for scope in API_SCOPES if scope in wanted]
