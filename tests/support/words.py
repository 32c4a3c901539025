"""The words of the pages in a language: tests name them by their English text, as the code does."""

from pathlib import Path

from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]


class Words:
    """`words("Save")` is what a page in this language says; a text that no catalog has is an error."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._known: dict[str, str] = {}
        for path in sorted(ROOT.glob("*/**/translations/es/LC_MESSAGES/messages.po")):
            with path.open("rb") as file:
                for message in read_po(file):
                    self._known[_first(message.id)] = _first(message.string)

    def __call__(self, english: str, **values: object) -> str:
        """The text with its values; raises KeyError for one that no page has."""
        text = self._known[english] if self.language == "es" else english
        self._known[english]
        return text % values if values else text


def _first(text: object) -> str:
    """The singular, where there is a plural beside it."""
    return str(text[0] if isinstance(text, list | tuple) and text else text or "")
