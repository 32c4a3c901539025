"""The client's guide as a download: with the pictures of this portal where somebody took them, and without."""

import io

import pytest
from click.testing import CliRunner
from PIL import Image
from pypdf import PdfReader

from services.portal.__main__ import main
from services.portal.clients.guides import steps_to_walk
from tests.support.alone import Alone, portal_alone
from tests.support.clientarea import Browser

GUIDE = "/customerarea/guide"


@pytest.fixture
def portal(tmp_path):
    """What is asked of the database here is the same on all of them."""
    with portal_alone(tmp_path, f"sqlite:///{tmp_path}/{{service}}.db") as made:
        yield made


def guide_for(browser: Browser) -> tuple[str, str, int]:
    """The name, the text and the number of pictures of the guide that a client gets."""
    answer = browser.get(GUIDE)
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    pages = PdfReader(io.BytesIO(answer.data)).pages
    text = " ".join(" ".join(page.extract_text().split()) for page in pages)
    return answer.headers["Content-Disposition"], text, sum(len(page.images) for page in pages)


def test_everybody_gets_the_guide_in_their_language_and_with_pictures_once_they_were_taken(
    portal: Alone, tmp_path, monkeypatch
):
    spanish, english = (portal.client(portal.party(number, language=name)) for number, name in ((1, "es"), (2, "en")))
    administrator = portal.staff("administrator")

    name, text, pictures = guide_for(spanish)
    assert ("guia-es.pdf" in name, pictures) == (True, 0)
    assert "Ir a pagar" in text
    assert "Versión sin imágenes" in text
    assert "Go and pay" in guide_for(english)[1]
    assert "la descargan sin imágenes" in administrator.get("/backoffice/portal/agency/").text

    for language in ("es", "en"):
        folder = tmp_path / "pictures" / language
        folder.mkdir(parents=True)
        for number, step in enumerate(steps_to_walk()[:3]):
            Image.new("RGB", (390, 700), (0, 0, 40 * number)).save(folder / f"{step['key']}.png")
    monkeypatch.setenv("PORTERIA_DATA", str(tmp_path))
    made = CliRunner().invoke(main, ["make-guide", str(tmp_path / "pictures")])
    assert made.exit_code == 0, made.output

    assert guide_for(spanish)[2] == guide_for(english)[2] == 3
    assert "Versión sin imágenes" not in guide_for(spanish)[1]
    assert "con las pantallas de este portal, hecha el" in administrator.get("/backoffice/portal/agency/").text


def test_the_guide_is_for_clients_only(portal: Alone):
    assert portal.app.test_client().get(GUIDE).status_code == 303
