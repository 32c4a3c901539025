"""The checks of the source: each finds what it is for."""

import pytest

from tests.checks import names, translations
from tests.checks.translations import Room

REGISTRY = "https://" + "py" + "pi.org/simple"
MACHINE = "/" + "wo" + "rk/porteria"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (f"see {REGISTRY}", "a registry's host"),
        ("pip install --index" + "-url x", "an index address"),
        (f'DATA = "{MACHINE}"', "a path of one machine"),
        (MACHINE, "a path of one machine"),
        ("cd /ho" + "me/ana/src", "a path of one machine"),
    ],
)
def test_a_name_that_belongs_elsewhere_is_found(line, what):
    assert [(number, kind) for number, kind, _ in names.find_names(f"good\n{line}\n")] == [(2, what)]


@pytest.mark.parametrize(
    "line", ["https://example.com/work", "docs/work/", "/workers/", "{root}/farm", "GET /backoffice/"]
)
def test_ordinary_text_is_left_alone(line):
    assert names.find_names(line) == []


@pytest.fixture
def room(tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text("<h1>{{ _('Keys') }}</h1>{% trans %}Wait{% endtrans %}")
    (tmp_path / "pages.py").write_text(
        'text = _("Save %(name)s", name=n)\n'
        'label = lazy_gettext("Name")\n'
        'short = _l("Code")\n'
        'count = ngettext("%(num)d letter", "%(num)d letters", 2)\n'
    )
    return Room(tmp_path)


TRANSLATED = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: nplurals=2; plural=(n != 1);\\n"
msgid "Keys"
msgstr "Llaves"
msgid "Wait"
msgstr "Espere"
#, python-format
msgid "Save %(name)s"
msgstr "Guardar %(name)s"
msgid "Name"
msgstr "Nombre"
msgid "Code"
msgstr "Código"
#, python-format
msgid "%(num)d letter"
msgid_plural "%(num)d letters"
msgstr[0] "%(num)d carta"
msgstr[1] "%(num)d cartas"
"""


def _problems_with(room: Room, catalog: str) -> list[str]:
    room.catalog_path.parent.mkdir(parents=True, exist_ok=True)
    room.catalog_path.write_text(catalog)
    return [line.partition(": ")[2] for line in translations.problems(room)]


def test_a_complete_catalog_has_no_problems(room):
    assert _problems_with(room, TRANSLATED) == []


def test_every_text_of_code_and_templates_is_missed_without_a_catalog(room):
    lines = "\n".join(translations.problems(room))
    for text in ("Keys", "Wait", "Save %(name)s", "Name", "Code", "%(num)d letter"):
        assert f"not translated: {text!r}" in lines


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('msgstr "Llaves"', 'msgstr ""', "not translated: 'Keys'"),
        ('msgstr[1] "%(num)d cartas"', 'msgstr[1] ""', "not translated: '%(num)d letter'"),
        ('msgid "Keys"', '#, fuzzy\nmsgid "Keys"', "fuzzy: 'Keys'"),
        ('msgid "Code"', 'msgid "Gone"\nmsgstr "Ido"\nmsgid "Code"', "no longer used: 'Gone'"),
        ("Guardar %(name)s", "Guardar %(nombre)s", "unknown named placeholder 'nombre': 'Save %(name)s'"),
    ],
)
def test_each_kind_of_problem_is_named(room, old, new, problem):
    assert old in TRANSLATED
    assert problem in _problems_with(room, TRANSLATED.replace(old, new))


def test_an_entry_that_was_put_away_is_a_problem(room):
    assert any(
        "left over" in line for line in _problems_with(room, TRANSLATED + '\n#~ msgid "Old"\n#~ msgstr "Viejo"\n')
    )


def test_what_shared_translates_needs_no_entry_of_its_own(room):
    without = TRANSLATED.replace('msgid "Keys"\nmsgstr "Llaves"\n', "")
    assert _problems_with(room, without) == ["not translated: 'Keys'"]
    assert translations.problems(room, frozenset({("Keys", None)})) == []


def test_updating_adds_what_is_new_drops_what_is_gone_and_keeps_the_rest(room):
    _problems_with(room, TRANSLATED.replace('msgid "Code"\nmsgstr "Código"\n', 'msgid "Gone"\nmsgstr "Ido"\n'))

    assert translations.update(room)

    content = room.catalog_path.read_text()
    assert 'msgid "Code"\nmsgstr ""' in content
    assert "Gone" not in content
    assert 'msgid "Keys"\nmsgstr "Llaves"' in content
    assert "Date" not in content
    assert not translations.update(room)


def test_a_template_that_does_not_parse_is_named(room):
    (room.folder / "templates" / "page.html").write_text("{% if %}")
    with pytest.raises(translations.Unreadable, match=r"page\.html: Expected an expression"):
        translations.problems(room)
