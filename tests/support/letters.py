"""Reading letters as their recipients do."""

import re
from collections.abc import Iterable

from tests.support.smtp import ReceivedLetter

CREDENTIALS = re.compile(
    r"^(?:Usuario|User): (?P<login>.+?)\r?$.*?^(?:Contraseña|Password): (?P<password>.+?)\r?$", re.MULTILINE | re.DOTALL
)


def credentials(letter: ReceivedLetter) -> tuple[str, str]:
    """User and password that the plain-text part tells."""
    return credentials_in(letter.text)


def credentials_in(text: str) -> tuple[str, str]:
    """User and password that a text tells."""
    found = CREDENTIALS.search(text)
    assert found, f"no credentials in:\n{text}"
    return found["login"], found["password"]


def passwords(letters: Iterable[ReceivedLetter]) -> dict[str, str]:
    """Login to password; fails if somebody got two letters."""
    known: dict[str, str] = {}
    for letter in letters:
        login, password = credentials(letter)
        assert login not in known, f"{login} got two letters"
        known[login] = password
    return known
