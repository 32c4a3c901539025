"""`make guide`: walks the running portal in a browser and makes the client's guide out of what it sees.

Without more it starts a Portería of its own in a temporary folder, with two made-up clients. With `--url` it walks a
portal that runs already, as one of its clients, and changes nothing there. In either case the guide comes into the
installation of PORTERIA_DATA, where the client area offers it.
"""

import argparse
import getpass
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from shared import clock
from shared.embedded.chromium import FLAGS, find_chromium
from shared.embedded.demo_steps import Api, Refused
from shared.embedded.guide_data import SCOPES, make_clients
from shared.embedded.guide_walk import Person, WayLost, walk
from shared.embedded.own_run import OwnRun, give_up, run_command
from shared.settings import LANGUAGES, CommonSettings, SettingsError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LOGIN, PASSWORD = "PORTERIA_GUIDE_LOGIN", "PORTERIA_GUIDE_PASSWORD"
KEPT = ("PORTERIA_TIMEZONE", "PORTERIA_LANGUAGE")
"""Of the installation's settings those that its guide should look like."""


def main() -> int:
    """Take the pictures and make the guide; returns the exit status."""
    asked = _arguments()
    try:
        settings = CommonSettings.load()
    except SettingsError as error:
        print(f"A setting is wrong or missing:\n{error}", file=sys.stderr)
        return 2
    try:
        with tempfile.TemporaryDirectory(prefix="porteria-guide-") as folder, _browser() as browser:
            pictures = Path(folder) / "pictures"
            if asked.url:
                _walk_theirs(browser, asked.url.rstrip("/"), pictures)
            else:
                _walk_ours(browser, settings, Path(folder), pictures)
            if asked.keep:
                shutil.copytree(pictures, asked.keep, dirs_exist_ok=True)
            command = [sys.executable, "-m", "services.portal", "make-guide", str(pictures)]
            return subprocess.run(command, check=False).returncode
    except (WayLost, Refused) as error:
        print(f"There is no new guide. {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nEnding ...")
        return 130


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make guide", description="Make the client's guide with the screens of a running portal."
    )
    parser.add_argument(
        "--url",
        help=f"walk the portal at this address as one of its clients, with {LOGIN} and {PASSWORD} from the environment "
        "or asked here. Take a client with made-up data: every client will see these pictures",
    )
    parser.add_argument("--keep", type=Path, help="keep the pictures in this folder, too")
    return parser.parse_args()


@contextmanager
def _browser() -> Iterator["Browser"]:
    try:
        from playwright.sync_api import Error, sync_playwright
    except ModuleNotFoundError:
        give_up("The pictures need Playwright, which only developers install: make install-dev")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        except Error as error:
            why = error.message.splitlines()[0]
            give_up(f"The pictures need Chromium (on Debian and Ubuntu: apt-get install chromium). {why}")
        try:
            yield browser
        finally:
            browser.close()


def _walk_ours(browser: "Browser", settings: CommonSettings, folder: Path, pictures: Path) -> None:
    """In a Portería that is started for it, every step must be found."""
    port = _free_port()
    base = f"http://127.0.0.1:{port}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PORTERIA_")}
    environment |= {name: os.environ[name] for name in KEPT if name in os.environ}
    environment |= {"PORTERIA_DATA": str(folder / "var"), "PORTERIA_PORT": str(port)}
    own = OwnRun(base, folder / "guide.log", environment)
    try:
        own.start()
        scopes = [part for scope in SCOPES for part in ("--scope", scope)]
        made = json.loads(own.command("identity", "create-client", "guide", *scopes))
        api = Api(base, made["client_id"], made["client_secret"])
        people = make_clients(api, clock.today(settings.timezone))
        for language in LANGUAGES:
            _walk(browser, base, language, people[language], pictures, may_change=True)
    finally:
        own.end()


def _walk_theirs(browser: "Browser", base: str, pictures: Path) -> None:
    """In a portal that others use, whatever would change something is left out."""
    login = os.environ.get(LOGIN) or input("User of the client: ")
    person = Person(login, os.environ.get(PASSWORD) or getpass.getpass("Password: "))
    for language in LANGUAGES:
        _walk(browser, base, language, person, pictures, may_change=False)


def _walk(browser: "Browser", base: str, language: str, person: Person, pictures: Path, *, may_change: bool) -> None:
    steps = json.loads(run_command("portal", "guide-steps"))
    taken, skipped = walk(browser, base, language, person, steps, pictures, may_change=may_change)
    print(f"{language}: {taken} of {len(steps)} steps have a picture", flush=True)
    for one in skipped:
        print(f"  without: {one}", flush=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
