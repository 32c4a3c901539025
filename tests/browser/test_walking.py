"""What the walks look for is found."""

import pytest

from tests.support.walking import Walker

pytestmark = pytest.mark.browser


def test_a_barrier_and_a_page_too_wide_for_a_phone_are_noticed(page, tmp_path, monkeypatch):
    monkeypatch.setattr("tests.support.browser.SCREENSHOTS", tmp_path)
    monkeypatch.delenv("CI", raising=False)
    page.set_content('<html lang="es"><title>t</title><main><img src="#"><p style="width: 600px">ancho</p></main>')
    walker = Walker(page, "es")

    walker.see("mala")

    assert "image-alt" in walker.barriers[0]
    assert "too wide" in walker.overflows[0]
    assert len(list(tmp_path.iterdir())) == 2
