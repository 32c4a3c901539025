"""The browser that the walks use."""

import pytest

from tests.support.browser import screenshot

pytestmark = pytest.mark.browser


def test_a_page_asks_for_spanish_and_can_be_pictured(page, tmp_path, monkeypatch):
    monkeypatch.setattr("tests.support.browser.SCREENSHOTS", tmp_path)
    page.set_content("<h1>Llaves</h1>")

    assert page.evaluate("navigator.language") == "es-CO"
    assert page.get_by_role("heading", name="Llaves").is_visible()
    picture = screenshot(page, "Página de prueba")
    assert picture.read_bytes().startswith(b"\x89PNG")
