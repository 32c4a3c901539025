"""The acts in words."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import force_locale

from services.identity.schemas.acts import SLOTS, WORDINGS, wording_of
from shared.audit import ACTS
from shared.i18n import init_i18n
from shared.settings import CommonSettings

ROOT = Path(__file__).parents[3] / "services" / "identity"


@pytest.fixture(scope="module")
def app() -> Flask:
    made = Flask("identity", root_path=str(ROOT))
    init_i18n(made, CommonSettings(), lambda: None)
    return made


def test_every_act_has_words_and_no_words_are_left_over() -> None:
    assert set(WORDINGS) == set(ACTS)


@pytest.mark.parametrize("act", ACTS)
def test_every_act_has_an_english_and_a_spanish_sentence_with_the_same_slots(app: Flask, act: str) -> None:
    def texts(language: str) -> list[str]:
        with app.test_request_context(), force_locale(language):
            words = wording_of(act)
            numbered = [words.template(number, False) for number in (1, 7)]
            return [str(words.label), words.template(None, False), words.template(None, True), *numbered]

    english, spanish = texts("en"), texts("es")
    for one, other in zip(english, spanish, strict=True):
        assert one != other, "not translated"
        assert set(re.findall(r"%\((\w+)\)s", one)) == set(re.findall(r"%\((\w+)\)s", other))
    for sentence in (*english[1:], *spanish[1:]):
        assert set(re.findall(r"%\((\w+)\)s", sentence)) <= set(SLOTS)
        assert sentence % dict.fromkeys(SLOTS, "x")


def test_an_act_of_a_newer_version_is_told_as_such() -> None:
    assert wording_of("party.teleported").template(3, True)
