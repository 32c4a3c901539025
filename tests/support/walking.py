"""Walking through the pages as a person does: every page seen is pictured, and looked at for barriers."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.support.browser import keep_picture

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
# The rows of a table are alike: the first ones tell.
WITHOUT_REPETITION = {"exclude": [["tbody tr:nth-child(n+6)"]]}


class Walker:
    """A person at a browser. `barriers` collects what axe finds; a test ends with `assert not walker.barriers`.

    The pictures are called `<prefix>-<name>-<width>.png`. Without a prefix nothing is pictured or looked at: the
    person only walks.
    """

    def __init__(self, page: Page, prefix: str = "") -> None:
        self.page = page
        self.prefix = prefix
        self.barriers: list[str] = []
        self.overflows: list[str] = []
        self._seen: set[str] = set()
        self._axe = Axe()

    def see(self, name: str) -> None:
        """Look at the present page: a picture at both widths, what axe says, and whether a phone must scroll it
        sideways. Only the first time that it is seen."""
        if not self.prefix or name in self._seen:
            return
        self._seen.add(name)
        size = self.page.viewport_size
        self._look_for_barriers(name)
        for width, view in (("desktop", DESKTOP), ("phone", PHONE)):
            self.page.set_viewport_size(view)  # type: ignore[arg-type]
            keep_picture(self.page, f"{self.prefix}-{name}-{width}")
        too_wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if too_wide > 0:
            self.overflows.append(f"{name}: {too_wide} px too wide for a phone ({self.page.url})")
        if size is not None:
            self.page.set_viewport_size(size)

    def _look_for_barriers(self, name: str) -> None:
        for found in self._axe.run(self.page, context=WITHOUT_REPETITION, options=RULES).response["violations"]:
            where = "; ".join(str(node["target"]) for node in found["nodes"][:3])
            self.barriers.append(f"{name}: {found['id']}: {found['help']} ({where})")

    def press(self, name: str) -> None:
        """Press the button, or follow the link, of this name."""
        self.page.get_by_role("button", name=name, exact=True).or_(
            self.page.get_by_role("link", name=name, exact=True)
        ).first.click()

    def heading(self, text: str) -> None:
        """Be on the page with this heading."""
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(text)
