"""Generated documents: `make docs` writes them, `make lint` fails when one is out of date.

docs/asyncapi.json from the declared events, docs/openapi/<service>.json from each service's own app, and the table of
settings in docs/operating.md from the dataclasses that read them.
"""

import json
import sys
import tempfile
from dataclasses import MISSING, fields
from importlib import import_module
from pathlib import Path

from shared.db import Database
from shared.events import asyncapi
from shared.settings import CommonSettings
from tests.support.system import SERVICES

DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- settings: kept by `make docs` -->\n", "<!-- /settings -->"


def openapi(service: str) -> str:
    """The OpenAPI document that the service itself serves."""
    settings_class = import_module(f"services.{service}.settings").Settings
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_class.load({"PORTERIA_DATA": folder})
        app = import_module(f"services.{service}.app").create_app(settings, Database(settings.database_url(service)))
        with app.test_client() as client:
            document = client.get(f"/api/{service}/v1/openapi.json").get_json()
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def settings_table() -> str:
    """Every setting once: its name, whose it is, its default and its meaning."""
    lines = ["| Setting | Read by | Default | Meaning |", "| --- | --- | --- | --- |"]
    common = {item.name for item in fields(CommonSettings)}
    rows = [("all", item) for item in fields(CommonSettings)]
    for service in SERVICES:
        own = fields(import_module(f"services.{service}.settings").Settings)
        rows += [(service, item) for item in own if item.name not in common]
    for reader, item in rows:
        default = "" if item.default in (MISSING, "", None) else f"`{item.default}`"
        lines.append(f"| `{item.metadata['env']}` | {reader} | {default} | {item.metadata['help']} |")
    return "\n".join(lines) + "\n"


def documents() -> dict[Path, str]:
    """What each generated document should say."""
    operating = (DOCS / "operating.md").read_text("utf-8")
    before, _, rest = operating.partition(BEGIN)
    _, _, after = rest.partition(END)
    wanted = {DOCS / "openapi" / f"{service}.json": openapi(service) for service in SERVICES}
    wanted[DOCS / "asyncapi.json"] = asyncapi.render()
    wanted[DOCS / "operating.md"] = before + BEGIN + settings_table() + END + after
    return wanted


def main() -> int:
    """Write the documents with `--update`, otherwise compare; returns the exit status."""
    stale = {path: text for path, text in documents().items() if not path.exists() or path.read_text("utf-8") != text}
    if "--update" in sys.argv:
        for path, text in stale.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return 0
    for path in stale:
        print(f"{path.relative_to(DOCS.parent)} is out of date: run `make docs`.", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
