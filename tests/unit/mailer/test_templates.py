"""What may be a template of letters, and what may not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.mailer.rules.markup import TAGS, Fault, faults_of, paragraphs
from services.mailer.rules.templates import (
    FIXED_LINES,
    KIND_OF,
    LANGUAGES,
    PLACEHOLDER,
    TemplateRefused,
    Words,
    default_words,
    differing_placeholders,
    prepare,
    problems_of,
)

ES = default_words("credential", "es")


def problems(kind: str = "credential", language: str = "es", **changes: str) -> list[tuple[str, str, str]]:
    words = Words(**(vars(default_words(kind, language)) | changes))
    return [(one.field, one.code, one.what) for one in problems_of(kind, language, words)]


@pytest.mark.parametrize("kind", KIND_OF)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_that_come_with_the_program_are_good_and_tell_the_same_twice(kind: str, language: str) -> None:
    assert problems(kind, language) == []
    assert differing_placeholders(default_words(kind, language)) == ([], [])


def test_every_required_placeholder_is_missed() -> None:
    for kind, spec in KIND_OF.items():
        for name in spec.required:
            for field in ("text", "html"):
                words = vars(default_words(kind, "es"))[field].replace(f"{{{{ {name} }}}}", "x")
                assert (field, "missing", name) in problems(kind, **{field: words})


def test_user_and_password_have_a_line_of_their_own() -> None:
    for language in LANGUAGES:
        words = default_words("credential", language)
        for line in FIXED_LINES["credential", language]:
            for changed in (f"x {line}", f"{line}.", line.replace(":", " ")):
                found = problems(language=language, text=words.text.replace(line, changed))
                assert ("text", "line", line) in found


@pytest.mark.parametrize(
    ("field", "words", "code"),
    [
        ("subject", "Hola {{ name }}", "placeholder"),
        ("subject", "Hola {{name}}", "placeholder"),
        ("subject", "x" * 151, "long"),
        ("subject", "a\x07", "control"),
        ("text", ES.text + "{{ salary }}", "unknown"),
        ("text", ES.text + "{{ login", "braces"),
        ("text", ES.text + "{{ log in }}", "braces"),
        ("text", ES.text + "\x07", "control"),
        ("text", "x" * 20_001, "long"),
        ("html", "x" * 50_001, "long"),
        ("html", ES.html + "{{ subject }}", "unknown"),
    ],
)
def test_odd_words_are_refused(field: str, words: str, code: str) -> None:
    assert (field, code) in [found[:2] for found in problems(**{field: words})]
    with pytest.raises(TemplateRefused):
        prepare("credential", "es", Words(**(vars(ES) | {field: words})))


def test_placeholders_are_taken_in_any_spacing() -> None:
    tidied = Words(" a \n b ", "{{login}}\r\n{{  link }}", "{{ password}}").tidied()
    assert tidied == Words("a b", "{{ login }}\n{{ link }}", "{{ password }}")


@pytest.mark.parametrize(
    ("markup", "code"),
    [
        ("<script>x</script>", "active"),
        ("<SCRIPT>x</SCRIPT>", "active"),
        ("<scr<script>ipt>", "tag"),
        ('<p onclick="x">a</p>', "active"),
        ('<p ONMOUSEOVER="x">a</p>', "active"),
        ("<p\nonclick=x>a</p>", "active"),
        ("<p/onclick=x>a</p>", "active"),
        ('<a href="javascript:x">a</a>', "href"),
        ('<a href=" jAvAsCrIpT:x">a</a>', "href"),
        ('<a href="java\tscript:x">a</a>', "href"),
        ('<a href="&#106;avascript:x">a</a>', "href"),
        ('<a href="data:text/html,x">a</a>', "href"),
        ('<a href="//spy.example">a</a>', "href"),
        ('<a href="/customerarea">a</a>', "href"),
        ('<a href="https://x.example/{{ login }}">a</a>', "href"),
        ('<p href="https://x.example">a</p>', "href"),
        ('<img src="https://spy.example/x.png">', "outside"),
        ('<td background="https://spy.example">a</td>', "outside"),
        ('<p style="background: url(https://spy.example)">a</p>', "outside"),
        ('<p style="width: expression(x)">a</p>', "outside"),
        ("<style>@import url(x)</style>", "outside"),
        ('<link rel="stylesheet" href="https://spy.example">', "outside"),
        ("<form action=x></form>", "active"),
        ('<iframe src="x"></iframe>', "active"),
        ("<svg><a></a></svg>", "active"),
        ("<!-- [if mso]><p><![endif]-->", "comment"),
        ("<!DOCTYPE html>", "comment"),
        ("<?php x ?>", "comment"),
        ("<![CDATA[x]]>", "comment"),
        ("<marquee>a</marquee>", "tag"),
        ('<p id="x">a</p>', "attribute"),
        ('<p title="{{ name }}">a</p>', "placed"),
        ("<p title={{ name }}>a</p>", "attribute"),
        ("<p>a", "unclosed"),
        ("a</p>", "unopened"),
        ("<b><i>a</b></i>", "crossed"),
        ("<p/>", "unclosed"),
        ("<p title='a", "broken"),
        ('<p title="a', "broken"),
        ("<p", "broken"),
        ("<script", "broken"),
        ("</p", "broken"),
        ("<!--", "broken"),
        ("</td></tr></table>", "unopened"),
    ],
)
def test_what_does_not_belong_into_a_letter_is_found(markup: str, code: str) -> None:
    assert code in [fault.code for fault in faults_of(markup)]


@pytest.mark.parametrize(
    "markup",
    [
        '<p class="small" style="color: #123456">a<br>b</p>',
        '<a href="{{ link }}">{{ link }}</a>',
        '<a href="https://agencia.example/x?a=1&amp;b=2">a</a>',
        '<a href="mailto:a@b.example">b</a> <a href="tel:+57">c</a>',
        "<table><tr><td>{{ login }}</td></tr></table>",
        "1 < 2 & 3 > 2",
    ],
)
def test_what_belongs_into_a_letter_passes(markup: str) -> None:
    assert faults_of(markup) == []


@given(st.text())
def test_plain_text_as_html_is_always_harmless(text: str) -> None:
    faults = [fault for fault in faults_of(paragraphs(text.replace("\x00", ""))) if fault.code != "href"]
    assert faults == []


@given(st.text(st.sampled_from("<>/=\"' abpi!-&;:x\n")))
def test_what_passes_has_only_known_tags(markup: str) -> None:
    if faults_of(markup) == []:
        template = prepare("general", "es", Words("S", "{{ text }}", f"{{{{ text }}}}{markup}"))
        assert template.subject == "S"


def test_faults_are_told_once() -> None:
    assert faults_of("<script></script><script></script>") == [Fault("active", "script")]
    assert "script" not in TAGS
    assert PLACEHOLDER.findall("{{ a }}") == ["a"]
