"""The client's guide: its steps, the PDF set by typst, and where it is kept once somebody took its pictures."""

import json
import re
import tempfile
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, cast

import typst
from babel.dates import format_date

from services.portal.clients.papers import SOURCES
from services.portal.rules.printable import printable_data
from shared import clock
from shared.settings import LANGUAGES

AREA = "/customerarea"
NAMES = {"es": "guia-es.pdf", "en": "guide-en.pdf"}
QUOTED = re.compile("[“«]([^”»]+)[”»]")


@cache
def _content() -> dict[str, Any]:
    return tomllib.loads((SOURCES / "guide.toml").read_text("utf-8"))


def steps_to_walk() -> list[dict[str, Any]]:
    """What a program needs to walk the steps: where each is, and the words that its page must show by language."""
    return [
        {
            "key": step["key"],
            "path": step.get("path", ""),
            "follow": step.get("follow", ""),
            "mark": step["mark"],
            "changes": step.get("changes", False),
            "words": {language: QUOTED.findall(" ".join(text)) for language, text in step["text"].items()},
        }
        for part in _content()["parts"]
        for step in part["steps"]
    ]


def guide_pdf(language: str, public_url: str, pictures: Mapping[str, bytes]) -> bytes:
    """The guide with these pictures (PNGs by the key of their step); steps without one have their text alone."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for source in ("guide.typ", "ink.typ"):
            (root / source).write_bytes((SOURCES / source).read_bytes())
        for key, picture in pictures.items():
            (root / f"{key}.png").write_bytes(picture)
        inputs = {"paper": json.dumps(printable_data(_written(language, public_url, pictures)))}
        fonts = typst.Fonts(include_system_fonts=False)
        compiler = typst.Compiler(root=root, font_paths=fonts, ignore_system_fonts=True)
        made = compiler.compile(root / "guide.typ", format="pdf", sys_inputs=inputs, pdf_standards=["a-2a", "ua-1"])
    return cast("bytes", made)


@cache
def plain_guide(language: str, public_url: str) -> bytes:
    """The guide without pictures; made once."""
    return guide_pdf(language, public_url, {})


def _written(language: str, public_url: str, pictures: Mapping[str, bytes]) -> dict[str, Any]:
    content, address, number = _content(), f"{public_url}{AREA}", count(1)
    day = format_date(clock.now().date(), "long", "es_CO" if language == "es" else "en_US")
    return {
        "language": language,
        "title": content["title"][language],
        "subtitle": content["subtitle"][language],
        "address": address,
        "alt": content["picture"][language],
        "page": content["page"][language],
        "made": content["made" if pictures else "without"][language].replace("{day}", day),
        "parts": [
            {
                "title": part["title"][language],
                "steps": [
                    {
                        "title": f"{next(number)}. {step['title'][language]}",
                        "sentences": [sentence.replace("{address}", address) for sentence in step["text"][language]],
                        "picture": f"{step['key']}.png" if step["key"] in pictures else "",
                    }
                    for step in part["steps"]
                ],
            }
            for part in content["parts"]
        ],
    }


class GuideShelf:
    """The guides with pictures, below `PORTERIA_DATA/portal/guide`."""

    def __init__(self, data: Path) -> None:
        self._folder = data / "portal" / "guide"

    def put(self, language: str, content: bytes) -> Path:
        """Keep a guide in the place of the former one; who reads that one just now still gets the whole of it."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / NAMES[language]
        fresh = path.with_suffix(".new")
        fresh.write_bytes(content)
        return fresh.replace(path)

    def find(self, language: str) -> bytes | None:
        """The guide with pictures, None where nobody made one."""
        try:
            return (self._folder / NAMES[language]).read_bytes()
        except FileNotFoundError:
            return None

    def made_at(self) -> datetime | None:
        """When the older of them was made, None where one is missing."""
        try:
            stamps = [(self._folder / NAMES[language]).stat().st_mtime for language in LANGUAGES]
        except FileNotFoundError:
            return None
        return datetime.fromtimestamp(min(stamps), UTC)
