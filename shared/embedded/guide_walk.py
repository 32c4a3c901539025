"""Walking the steps of the client's guide in a browser, with a picture of each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Step = Mapping[str, Any]
"""What `python -m services.portal guide-steps` prints of a step."""

PHONE = {"width": 390, "height": 700}
SHARPNESS = 2
PATIENCE = 20_000
"""Milliseconds in which a page must be there."""
POINT_OUT = """element => {
    element.style.outline = "3px solid #c2410c"
    element.style.outlineOffset = "5px"
    element.style.borderRadius = "6px"
    scrollTo(0, 0)
    const place = element.getBoundingClientRect()
    if (place.bottom > innerHeight - 16)
        scrollTo(0, place.top - Math.max(16, (innerHeight - place.height) / 2))
}"""


class WayLost(Exception):
    """The walk cannot go on; the text says where and why."""


@dataclass(frozen=True)
class Person:
    """Who walks: a client with a password; `chosen` is what they choose at the first sign-in, if it is that."""

    login: str
    password: str = field(repr=False)
    chosen: str = field(default="", repr=False)
    request: tuple[str, str] = ("", "")
    """Subject and text of the request (PQRS) that they open; with none they open none."""


@dataclass
class Walk:
    """One walk in one language. `may_change`: also steps that change something; then every step must have its page.

    `skipped` tells the steps that got no picture, and why.
    """

    page: "Page"
    base: str
    language: str
    person: Person
    folder: Path
    may_change: bool
    skipped: list[str] = field(default_factory=list)

    def take(self, steps: Sequence[Step]) -> int:
        """Walk all steps and keep a picture of each in the folder; returns how many. Raises WayLost."""
        taken = 0
        for step in steps:
            if why := self._reach(step):
                if self.may_change:
                    raise WayLost(f"step {step['key']} ({self.language}): {why}, at {self.page.url}")
                self.skipped.append(f"{step['key']}: {why}")
                continue
            self._picture(step)
            taken += 1
            if after := AFTER.get(step["key"]):
                after(self)
        return taken

    def _reach(self, step: Step) -> str:
        """Go to the page of a step; returns why it cannot have a picture, "" if it can."""
        if step["changes"] and not self.may_change:
            return "it would change something"
        if step["path"]:
            self.page.goto(self.base + step["path"])
        if step["follow"]:
            link = self.page.locator(step["follow"]).first
            if not link.is_visible():
                return f"there is nothing to follow ({step['follow']})"
            link.click()
            self.page.wait_for_load_state()
        mark = self.page.locator(step["mark"]).first
        if not self._is_there(mark):
            return f"what it points out is not there ({step['mark']})"
        said = " ".join(self.page.inner_text("body").split()).casefold()
        if missing := [word for word in step["words"][self.language] if word.casefold() not in said]:
            return f"the page does not say {', '.join(missing)}"
        return ""

    def _is_there(self, mark: Any) -> bool:
        from playwright.sync_api import TimeoutError as TooLate

        try:
            mark.wait_for(state="visible", timeout=PATIENCE if self.may_change else 2000)
        except TooLate:
            return False
        return True

    def _picture(self, step: Step) -> None:
        self.page.locator(step["mark"]).first.evaluate(POINT_OUT)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self.folder / f"{step['key']}.png")

    def sign_in(self) -> None:
        """From the page of the sign-in to the area; raises WayLost."""
        self.page.locator("[name=login]").fill(self.person.login)
        self.page.locator("[name=password]").fill(self.person.password)
        self.page.locator("main form [type=submit]").click()
        self.page.wait_for_load_state()
        where = self.page.url.removeprefix(self.base).split("?")[0]
        if where == "/customerarea/signin":
            raise WayLost("the sign-in was refused: are user and password right?")
        if where == "/customerarea/password" and not self.person.chosen:
            raise WayLost("this client has not chosen an own password yet: sign in once by hand first")
        if where not in ("/customerarea/", "/customerarea", "/customerarea/password"):
            raise WayLost("this client has a second factor: take one without")

    def choose_password(self) -> None:
        """The first sign-in ends with a password of one's own."""
        if not self.person.chosen:
            return
        self.page.locator("[name=current_password]").fill(self.person.password)
        self.page.locator("[name=new_password]").fill(self.person.chosen)
        self.page.locator("[name=repeat_password]").fill(self.person.chosen)
        self.page.locator("main form [type=submit]").click()
        self.page.wait_for_load_state()

    def send_request(self) -> None:
        """A request, so that there is one to be followed."""
        subject, text = self.person.request
        if not self.may_change or not subject:
            return
        self.page.locator("[name=kind]").first.check()
        self.page.locator("[name=subject]").fill(subject)
        self.page.locator("[name=text]").fill(text)
        self.page.locator("main form [type=submit]").click()
        self.page.wait_for_load_state()


AFTER: Mapping[str, Callable[[Walk], None]] = {
    "signin": Walk.sign_in,
    "password": Walk.choose_password,
    "request": Walk.send_request,
}
"""What is done on the page of a step after its picture was taken, so that the next one can be reached."""


def walk(
    browser: "Browser",
    base: str,
    language: str,
    person: Person,
    steps: Sequence[Step],
    folder: Path,
    *,
    may_change: bool = False,
) -> tuple[int, list[str]]:
    """Walk in a session of its own, on a phone; the pictures come into `folder/<language>`.

    Returns how many there are, and the steps without one. Raises WayLost.
    """
    from playwright.sync_api import Error

    context = browser.new_context(
        viewport=PHONE,  # type: ignore[arg-type]
        device_scale_factor=SHARPNESS,
        locale=language,
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    context.add_cookies([{"name": "porteria_lang", "value": language, "url": f"{base}/"}])
    try:
        one = Walk(context.new_page(), base, language, person, folder / language, may_change)
        return one.take(steps), one.skipped
    except Error as error:
        raise WayLost(f"the browser says ({language}): {error.message.splitlines()[0]}") from error
    finally:
        context.close()
