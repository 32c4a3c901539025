"""The words of letters: what a kind of letter must and may say, and templates made ready to be filled.

What is the same for all letters of a kind is prepared once; for each one there is little more to do than to join texts.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

import css_inline

from services.mailer.rules.markup import faults_of, linked
from services.mailer.rules.notices import VALUES, WITH_CODE
from services.mailer.rules.states import CREDENTIAL, CREDENTIAL_LINK, GENERAL, RECOVERY, STAFF_INVITATION, STAFF_RESET

LANGUAGES = ("es", "en")
PLACEHOLDER = re.compile(r"\{\{ (\w+) \}\}")
LOOSE_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
BRACES = re.compile(r"\{\{|\}\}")
SUBJECT_LIMIT, TEXT_LIMIT, HTML_LIMIT, NOTE_LIMIT = 150, 20_000, 50_000, 300


@dataclass(frozen=True)
class Kind:
    """What a kind of letter must say and may say besides. `has_subject`: not each letter brings its own."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    has_subject: bool = True

    @property
    def placeholders(self) -> tuple[str, ...]:
        """All that it knows."""
        return self.required + self.optional


KIND_OF = {
    CREDENTIAL: Kind(("link", "login", "password"), ("name", "expires")),
    CREDENTIAL_LINK: Kind(("link", "login"), ("name", "expires")),
    RECOVERY: Kind(("link", "login"), ("name", "expires")),
    STAFF_INVITATION: Kind(("link", "login"), ("name", "expires")),
    STAFF_RESET: Kind(("link", "login"), ("name", "expires")),
    **{kind: Kind(("link", *values), ("name",)) for kind, values in VALUES.items()},
    **{kind: Kind(("code", *VALUES[kind]), ("name", "link")) for kind in WITH_CODE},
    GENERAL: Kind(("text",), ("name",), has_subject=False),
}
"""The kinds that have templates."""
FIXED_LINES = {
    (CREDENTIAL, "es"): ("Usuario: {{ login }}", "Contraseña: {{ password }}"),
    (CREDENTIAL, "en"): ("User: {{ login }}", "Password: {{ password }}"),
}
"""Lines of the plain text that people copy from and other programs read: each on a line of its own."""


@dataclass(frozen=True)
class Words:
    """The words of one kind of letter in one language: subject, plain text, and the body of the HTML."""

    subject: str
    text: str
    html: str

    def tidied(self) -> "Words":
        """The same with line ends, outer blanks and placeholders in one spelling."""
        return Words(" ".join(self.subject.split()), _tidy(self.text), _tidy(self.html))


@dataclass(frozen=True)
class Problem:
    """Why words are no template: which field, a code, and what it is about."""

    field: str
    code: str
    what: str = ""


class TemplateRefused(Exception):
    """A template can not be used; `problems` says why."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(", ".join(f"{one.field}: {one.code} {one.what}".strip() for one in problems))


@dataclass(frozen=True)
class Written:
    """A letter in words: subject, plain text and HTML."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Template:
    """Words made ready to be filled."""

    subject: str
    stop: str
    """The words of the link with which such letters are stopped."""
    _text: list[str] = field(repr=False)
    _html: list[str] = field(repr=False)

    def fill(self, values: Mapping[str, str], markup: Mapping[str, str] | None = None, stop_url: str = "") -> Written:
        """Put values in their places; in HTML they are escaped, so none of them can become markup.

        `markup` holds those that are HTML already. With a `stop_url` the letter ends with that link: it belongs to the
        frame, whatever the words of the template are.
        """
        escaped = {name: html.escape(value) for name, value in values.items()} | dict(markup or {})
        text, escaped["stop"] = _join(self._text, values), ""
        if stop_url:
            text += f"\n{self.stop}:\n{stop_url}\n"
            escaped["stop"] = f"<br>{linked(stop_url, self.stop)}"
        return Written(values["subject"], text, _join(self._html, escaped))


def prepare(kind: str, language: str, words: Words) -> Template:
    """Make words ready; raises TemplateRefused."""
    if problems := problems_of(kind, language, words):
        raise TemplateRefused(problems)
    whole = _frame(kind, language).replace("{{ body }}", words.html)
    inlined = css_inline.inline(whole, keep_at_rules=True, load_remote_stylesheets=False)
    text = PLACEHOLDER.split(words.text.strip() + "\n")
    return Template(words.subject.strip(), _read(f"stop.{language}"), text, PLACEHOLDER.split(inlined))


def problems_of(kind: str, language: str, words: Words) -> list[Problem]:
    """What is wrong with these words as a template; empty if nothing is."""
    found: list[Problem] = []
    if KIND_OF[kind].has_subject:
        found += _subject_problems(words.subject)
    for name, text, limit in (("text", words.text, TEXT_LIMIT), ("html", words.html, HTML_LIMIT)):
        if not text.strip():
            found.append(Problem(name, "empty"))
        elif len(text) > limit:
            found.append(Problem(name, "long", str(limit)))
        else:
            found += _placeholder_problems(kind, name, text)
    if any(not (character.isprintable() or character in "\n\t") for character in words.text):
        found.append(Problem("text", "control"))
    lines = {line.strip() for line in words.text.splitlines()}
    found += [Problem("text", "line", line) for line in FIXED_LINES.get((kind, language), ()) if line not in lines]
    found += [Problem("html", fault.code, fault.what) for fault in faults_of(words.html[:HTML_LIMIT])]
    return found


def differing_placeholders(words: Words) -> tuple[list[str], list[str]]:
    """Placeholders that only the text has, and those that only the HTML has."""
    text, markup = (set(PLACEHOLDER.findall(part)) for part in (words.text, words.html))
    return sorted(text - markup), sorted(markup - text)


def _subject_problems(subject: str) -> list[Problem]:
    if not subject.strip():
        return [Problem("subject", "empty")]
    if len(subject) > SUBJECT_LIMIT:
        return [Problem("subject", "long", str(SUBJECT_LIMIT))]
    if BRACES.search(subject):
        return [Problem("subject", "placeholder")]
    return [] if subject.isprintable() else [Problem("subject", "control")]


def _placeholder_problems(kind: str, name: str, text: str) -> list[Problem]:
    used = set(PLACEHOLDER.findall(text))
    found = [Problem(name, "missing", one) for one in KIND_OF[kind].required if one not in used]
    found += [Problem(name, "unknown", one) for one in sorted(used - set(KIND_OF[kind].placeholders))]
    if BRACES.search(PLACEHOLDER.sub("", text)):
        found.append(Problem(name, "braces"))
    return found


def _tidy(text: str) -> str:
    return LOOSE_PLACEHOLDER.sub(r"{{ \1 }}", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _join(parts: list[str], values: Mapping[str, str]) -> str:
    filled = parts.copy()
    for position in range(1, len(parts), 2):
        filled[position] = values[parts[position]]
    return "".join(filled)


def known_language(language: str) -> str:
    """The language in which somebody gets letters: Spanish where there is no other."""
    return language if language in LANGUAGES else LANGUAGES[0]


@cache
def default_words(kind: str, language: str) -> Words:
    """The words that come with the program."""
    return Words(*(_read(f"{kind}/{part}.{language}") for part in ("subject", "body_text", "body_html")))


@cache
def default_template(kind: str, language: str) -> Template:
    """The template that comes with the program, in one of LANGUAGES."""
    return prepare(kind, language, default_words(kind, language))


@cache
def _frame(kind: str, language: str) -> str:
    """What is around the body: the look, a line above and one below, the same for all letters or the kind's own."""
    frame = _read(f"frame.{language}")
    for part in ("head", "foot"):
        own = f"{kind}/{part}.{language}"
        frame = frame.replace(
            f"{{{{ {part} }}}}", _read(own if _folder().joinpath(own).is_file() else own.split("/")[1])
        )
    return frame


def _folder() -> "resources.abc.Traversable":
    return resources.files("services.mailer") / "templates" / "letters"


def _read(name: str) -> str:
    return _folder().joinpath(name).read_text("utf-8").strip()
