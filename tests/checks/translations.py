"""Every text that a person sees has its Spanish translation, and no translation is left over.

`python -m tests.checks.translations` checks; with `--update` it brings the catalogs up to date with code and
templates (new texts are added untranslated, those no longer used are removed).
"""

import sys
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2 import TemplateSyntaxError

LANGUAGE = "es"
METHODS = [("**/templates/**", "jinja2.ext:babel_extract"), ("**.py", "python")]
# As shared.web sets up Jinja; a template that does not parse has to fail here instead of losing its texts.
OPTIONS = {"**/templates/**": {"silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}}
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "_l": None,
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
    "lazy_pgettext": ((1, "c"), 2),
}
_LEFT_OUT = ("static", "translations", "migrations", "__pycache__")

Key = tuple[object, str | None]


class Unreadable(Exception):
    """A file of code or a template does not parse; the text says which and why."""


@dataclass(frozen=True)
class Room:
    """A part of the source with a catalog of its own."""

    folder: Path

    @property
    def catalog_path(self) -> Path:
        """Where its Spanish translations are."""
        return self.folder / "translations" / LANGUAGE / "LC_MESSAGES" / "messages.po"

    def extract(self) -> Catalog:
        """Return the texts that its code and templates use."""
        catalog = Catalog(project="Portería", copyright_holder="Portería", charset="utf-8")
        reading: list[str] = []
        found = extract_from_dir(
            self.folder,
            METHODS,
            OPTIONS,
            keywords=KEYWORDS,
            comment_tags=("Translators:",),
            callback=lambda file, _method, _options: reading.append(file),
            directory_filter=lambda path: Path(path).name not in _LEFT_OUT,
        )
        try:
            for file, _line, message, comments, context in found:
                catalog.add(message, locations=[(file, 0)], auto_comments=comments, context=context)
        except (TemplateSyntaxError, SyntaxError) as error:
            raise Unreadable(f"{self.folder / reading[-1]}: {error}") from error
        return catalog

    def read(self) -> Catalog:
        """Return its translations; an empty catalog when there are none yet."""
        if not self.catalog_path.exists():
            return Catalog(
                locale=LANGUAGE, project="Portería", copyright_holder="Portería", charset="utf-8", fuzzy=False
            )
        with self.catalog_path.open("rb") as file:
            return read_po(file, locale=LANGUAGE)


def rooms(root: Path) -> list[Room]:
    """Return the parts that have catalogs: shared first, because the services use its texts too."""
    return [Room(root / "shared"), *(Room(path.parent) for path in sorted(root.glob("services/*/__init__.py")))]


def problems(room: Room, shared: frozenset[Key] = frozenset()) -> list[str]:
    """Return a line for each text without translation, fuzzy or stale translation, or wrong placeholder.

    `shared` are the texts that the shared catalog translates for every service.
    """
    used = {key(message) for message in room.extract() if message.id}
    catalog = room.read()
    lines = [f"not translated: {id_[0]!r}" for id_ in sorted(used - shared - translated(catalog), key=str)]
    for message in catalog:
        if not message.id:
            continue
        if message.fuzzy:
            lines.append(f"fuzzy: {message.id!r}")
        if key(message) not in used:
            lines.append(f"no longer used: {message.id!r}")
        lines += [f"{error}: {message.id!r}" for error in message.check(catalog)]
    lines += [f"left over at the end of the file: {old!r}" for old in catalog.obsolete]
    return [f"{room.catalog_path}: {line}" for line in lines]


def update(room: Room, shared: frozenset[Key] = frozenset()) -> bool:
    """Bring the catalog up to date; return whether it changed.

    Lines and dates are left out and entries sorted, so that two people's changes rarely meet.
    """
    template = room.extract()
    for message in list(template):
        if message.id and key(message) in shared:
            template.delete(message.id, message.context)
    catalog = room.read()
    if not len(template) and not room.catalog_path.exists():
        return False
    catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    buffer = BytesIO()
    write_po(buffer, catalog, omit_header=False, no_location=True, sort_output=True, ignore_obsolete=True, width=110)
    content = _without_dates(buffer.getvalue())
    if room.catalog_path.exists() and room.catalog_path.read_bytes() == content:
        return False
    room.catalog_path.parent.mkdir(parents=True, exist_ok=True)
    room.catalog_path.write_bytes(content)
    return True


def compile_catalogs(root: Path) -> None:
    """Compile what changed, as `make install` does, for a test run that was started without make."""
    for room in rooms(root):
        source, target = room.catalog_path, room.catalog_path.with_suffix(".mo")
        if source.exists() and (not target.exists() or target.stat().st_mtime < source.stat().st_mtime):
            with target.open("wb") as file:
                write_mo(file, room.read())


def _without_dates(content: bytes) -> bytes:
    changing = (
        b'"POT-Creation-Date:',
        b'"PO-Revision-Date:',
        b'"Generated-By:',
        b'"Last-Translator:',
        b"# FIRST AUTHOR",
    )
    return b"".join(line for line in content.splitlines(keepends=True) if not line.startswith(changing))


def key(message: object) -> Key:
    """Return what identifies a text: its id (the singular of a plural) and its context."""
    id_ = message.id  # type: ignore[attr-defined]
    return (id_[0] if isinstance(id_, (tuple, list)) else id_, message.context)  # type: ignore[attr-defined]


def translated(catalog: Catalog) -> set[Key]:
    """Return the texts whose translation (every plural form of it) is there."""

    def is_complete(string: object) -> bool:
        return all(string) if isinstance(string, (tuple, list)) else bool(string)

    return {key(message) for message in catalog if message.id and is_complete(message.string)}


def main(arguments: list[str]) -> int:
    """Check, or with --update change, every catalog below the working folder."""
    every = rooms(Path())
    shared = frozenset(key(message) for message in every[0].extract() if message.id)
    lines: list[str] = []
    for room in every:
        known = shared if room is not every[0] else frozenset()
        if "--update" in arguments and update(room, known):
            print(f"updated {room.catalog_path}")
        lines += problems(room, known)
    print("\n".join(lines) if lines else "translations: complete")
    if "--update" in arguments:
        return 0
    return 1 if lines else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Unreadable as unreadable:
        sys.exit(f"translations: {unreadable}")
