"""Every page there is, in Spanish and English, on a phone and at a desk: nobody has to add a new page here.

The pages are found in the maps of routes; what stands in the place of arguments comes from `tests/support/samples.py`.
Pictures are kept in var/screenshots as `page-<language>-<width>-<endpoint>.png`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request
from werkzeug.routing import Rule

from services.portal.pages.visitor import AREA, COOKIE
from shared.i18n import COOKIE as LANGUAGE_COOKIE
from tests.checks.translations import rooms
from tests.support.browser import keep_picture, new_page
from tests.support.house import SERVICES, House, whole_house
from tests.support.samples import NoSample, Samples
from tests.support.walking import DESKTOP, PHONE, RULES, WITHOUT_REPETITION

pytestmark = pytest.mark.browser

NO_PAGES = ("/api/", "/oauth/", "/.well-known/", "/healthz/", "/readyz/", "/metrics", "/static/")
# These send the browser on, or away: they show nothing of their own.
NOT_SHOWN = {"staff.signin", "staff.callback", "staff.stay", "sign_in.signout", "sign_in.login", "access.signin"}
QUERIES = {"letters.ask_cancel": "?all=1"}
# Without a token: the page that says that the link is of no use any more.
STATUSES = {"passwords.link": 410, "joining.join": 410, "invitations.show": 410}
TAKES_LONGER = 30_000


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with whole_house(folder, f"sqlite:///{folder}/{{service}}.db", identity={"password_cost": 10}) as made:
        yield made


@pytest.fixture(scope="module")
def samples(house: House) -> Samples:
    return Samples(house)


@dataclass
class Visit:
    """Somebody who opens page after page; `complaints` is what was not as it should be."""

    page: Page
    url: str
    language: str
    complaints: list[str] = field(default_factory=list)
    foreign_texts: frozenset[str] = frozenset()
    _where: str = ""

    def __post_init__(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self._complain(f"script: {error}"))
        self.page.on("request", self._asked)

    def _complain(self, what: str) -> None:
        self.complaints.append(f"{self._where}: {what}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "410 (GONE)" not in message.text:
            self._complain(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self._complain(f"asks a foreign host: {request.url}")

    def open(self, path: str, endpoint: str, *, wanted: int) -> bool:
        """Open a page; False if what is there is no page."""
        self._where = f"{self.language} {path} ({endpoint})"
        answer = self.page.context.request.get(self.url + path)
        # What is sandboxed is a letter for the frame of a page, where no script runs, also none that looks at it.
        is_letter = "sandbox" in answer.headers.get("content-security-policy", "")
        if is_letter or "text/html" not in answer.headers.get("content-type", ""):
            if not answer.ok:
                self._complain(f"answers {answer.status}")
            return False
        shown = self.page.goto(self.url + path)
        if shown is None or shown.status != wanted:
            self._complain(f"answers {shown and shown.status}, not {wanted}")
        return True

    def look(self, endpoint: str, width: str) -> None:
        """Whether it fits, a picture, and what axe says: once, in the width in which people use the page."""
        usual = "phone" if urlsplit(self.page.url).path.startswith(AREA) else "desktop"
        violations = self._axe().response["violations"] if (self.language, width) == ("es", usual) else []
        for found in violations:
            where = "; ".join(str(node["target"]) for node in found["nodes"][:3])
            self._complain(f"{width}: {found['id']}: {found['help']} ({where})")
        too_wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if too_wide > 0:
            self._complain(f"{width}: {too_wide} px too wide")
        keep_picture(self.page, f"page-{self.language}-{width}-{endpoint}")

    def _axe(self) -> Any:
        return Axe().run(self.page, context=WITHOUT_REPETITION, options=RULES)

    def read(self) -> None:
        """Whether the page says its language, and says nothing in the other one."""
        said = self.page.evaluate("document.documentElement.lang")
        if not said.startswith(self.language):
            self._complain(f'lang="{said}"')
        lines = {line.strip() for line in self.page.inner_text("body").splitlines()}
        for line in sorted(lines & self.foreign_texts):
            self._complain(f"in the other language: {line!r}")


def texts_of(language: str) -> frozenset[str]:
    """Texts that stand in the catalogs in this language and mean something else, or nothing, in the other."""
    pairs: set[tuple[str, str]] = set()
    for room in rooms(Path(__file__).parents[2]):
        for message in room.read():
            english, spanish = message.id, message.string
            if isinstance(english, str) and isinstance(spanish, str) and english and spanish:
                pairs.add((english, spanish))
    ours, theirs = {one for one, _ in pairs}, {one for _, one in pairs}
    found = ours - theirs if language == "en" else theirs - ours
    return frozenset(text for text in found if " " in text or text[0].isupper())  # "correo" is the name of a column


def pages_of(house: House, service: str) -> list[Rule]:
    """The routes that may be pages of this service."""
    found = house.rooms[service].app.url_map.iter_rules()
    return sorted(
        (
            rule
            for rule in found
            if "GET" in (rule.methods or ())
            and not any(part in rule.rule for part in NO_PAGES)
            and rule.endpoint not in NOT_SHOWN
        ),
        key=lambda rule: (not rule.rule.startswith("/backoffice"), rule.rule),
    )


@pytest.fixture(params=["es", "en"])
def visit(request: pytest.FixtureRequest, browser: Browser, house: House, samples: Samples) -> Iterator[Visit]:
    """An administrator who is a client, too, so that one browser opens everything."""
    language = request.param
    page = new_page(browser, language={"es": "es-CO", "en": "en-US"}[language])
    page.context.set_default_timeout(TAKES_LONGER)
    token = house.client_token(samples.party, samples.credential)
    page.context.add_cookies(
        [
            {"name": COOKIE, "value": token, "domain": "127.0.0.1", "path": AREA},
            # Whose own things are looked at reads Spanish, and chose this language in the browser.
            {"name": LANGUAGE_COOKIE, "value": language, "domain": "127.0.0.1", "path": "/"},
        ]
    )
    page.goto(f"{house.url}/backoffice/identity/login")
    page.locator("[name=username]").fill("administrator")
    page.locator("[name=password]").fill(house.passwords["administrator"])
    page.locator("main button[type=submit]").click()
    page.wait_for_url(lambda url: not urlsplit(url).path.endswith("/login"))
    yield Visit(page, house.url, language, foreign_texts=texts_of("en" if language == "es" else "es"))
    page.context.close()


@pytest.mark.parametrize("service", SERVICES)
def test_every_page_can_be_read_by_everybody(house: House, samples: Samples, service: str, visit: Visit) -> None:
    without, queries = [], QUERIES | {"emails.open_link": samples.portal.email_link}
    for rule in pages_of(house, service):
        try:
            path = samples.path(service, rule) + queries.get(rule.endpoint, "")
        except NoSample as error:
            without.append(str(error))
            continue
        name = rule.endpoint + (f"-{re.sub('[^a-z]', '', rule.rule)}" if rule.defaults else "")
        visit.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        if not visit.open(path, rule.endpoint, wanted=STATUSES.get(rule.endpoint, 200)):
            continue
        visit.read()
        visit.look(name, "phone")
        if visit.language == "es":
            visit.page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
            visit.look(name, "desktop")
    assert not without, "\n".join(without)
    assert not visit.complaints, "\n".join(visit.complaints)
