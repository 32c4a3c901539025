"""A real browser: Chromium of this machine, driven by Playwright."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, sync_playwright

from shared.embedded.chromium import FLAGS, find_chromium
from tests.support.servers import install

SCREENSHOTS = Path("var/screenshots")
LONGEST = 2400  # pixels of a picture


class NoBrowser(Exception):
    """No browser starts here; the text says why."""


@contextmanager
def running_browser() -> Iterator[Browser]:
    """A browser with a fresh profile of its own, for the time of the block. Raises NoBrowser."""
    path = find_chromium()
    if path is None:
        refusal = install("chromium")
        path = find_chromium()
        if path is None:
            raise NoBrowser(f"no Chromium on the PATH; {refusal or 'the package brought none'}")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS), timeout=60_000)
        except Error as error:
            raise NoBrowser(f"{path} does not start: {error.message.splitlines()[0]}") from error
        try:
            yield browser
        finally:
            browser.close()


def new_page(
    browser: Browser, *, phone: bool = False, language: str = "es-CO", scripts: bool = True, base_url: str | None = None
) -> Page:
    """Return a page in a fresh session that asks for Spanish; `phone` gives it the width of one.

    `scripts=False` switches JavaScript off. Addresses that begin with a slash are below `base_url`.
    """
    size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 800}
    context = browser.new_context(
        locale=language,
        viewport=size,  # type: ignore[arg-type]
        java_script_enabled=scripts,
        base_url=base_url,
        accept_downloads=True,
    )
    context.set_default_timeout(10_000)
    return context.new_page()


def screenshot(page: Page, name: str) -> Path:
    """Keep a picture of the page under var/screenshots and return its path; of a very long one, its beginning."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{re.sub(r'[^a-z0-9_-]+', '-', name.lower())}.png"
    width, height = page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
    page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": min(height, LONGEST)})
    return path


def keep_picture(page: Page, name: str) -> None:
    """A `screenshot` for people to look at; not in CI, where nobody does and four hundred of them take a minute."""
    if not os.environ.get("CI"):
        screenshot(page, name)
