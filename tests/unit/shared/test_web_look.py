"""The pieces that pages are made of."""

import pytest
from flask import Flask, render_template, render_template_string
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, StringField
from wtforms.validators import DataRequired

from shared.web import Page
from shared.web.look import STATES, icon
from tests.support.web import Issuer, settings_in, small_app

UI = "{% import 'macros.html' as ui with context %}"


class PartyForm(FlaskForm):
    """A form with one of each kind."""

    name = StringField("Nombre", validators=[DataRequired()])
    active = BooleanField("Activo")
    kind = RadioField("Clase", choices=[("tenant", "Inquilino"), ("owner", "Propietario")])


@pytest.fixture
def app(tmp_path) -> Flask:
    app = small_app(settings_in(tmp_path), Issuer())
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def test_an_icon_is_silent_unless_it_has_a_meaning():
    assert 'aria-hidden="true"' in icon("key")
    assert 'role="img" aria-label="Clave &lt;x&gt;"' in icon("key", "Clave <x>")


def test_each_state_has_an_icon_that_exists_and_a_kind_that_is_styled():
    for _label, kind, symbol in STATES.values():
        assert "<path" in icon(symbol)
        assert kind in {"good", "busy", "waiting", "bad", "off", "info"}


def test_a_state_is_told_by_word_and_sign_not_by_colour_alone(app):
    with app.test_request_context():
        badge = render_template_string(UI + "{{ ui.badge('pending') }}")
    assert "Pendiente" in badge
    assert "<svg" in badge


def test_an_error_stands_at_its_field_and_is_bound_to_it(app):
    with app.test_request_context(method="POST", data={"name": ""}):
        form = PartyForm()
        assert not form.validate()
        shown = render_template_string(UI + "{{ ui.field(form.name, help='Completo') }}", form=form)
        summary = render_template_string(UI + "{{ ui.form_errors(form) }}", form=form)
    assert 'aria-describedby="name-help name-error"' in shown
    assert 'aria-invalid="true"' in shown
    assert 'id="name-error"' in shown
    assert "Este campo es obligatorio" in shown
    assert '<label class="form-label" for="name">Nombre' in shown
    assert 'href="#name"' in summary


def test_choices_are_a_group_with_a_name(app):
    with app.test_request_context():
        shown = render_template_string(UI + "{{ ui.field(form.kind) }}{{ ui.field(form.active) }}", form=PartyForm())
    assert "<fieldset" in shown
    assert "<legend" in shown
    assert shown.count("</fieldset>") == 1
    assert 'for="active"' in shown


def test_sorting_turns_around_and_begins_the_list_again(app):
    table = UI + "{% call ui.table('T', [('Nombre', 'name', ''), ('Código', 'code', '')], 'name') %}{% endcall %}"
    with app.test_request_context("/backoffice/directory/?cursor=abc&q=x"):
        shown = render_template_string(table)
    assert 'aria-sort="ascending"' in shown
    assert 'href="/backoffice/directory/?q=x&amp;sort=-name"' in shown
    assert 'href="/backoffice/directory/?q=x&amp;sort=code"' in shown


def test_the_pager_has_links_only_where_there_is_something(app):
    with app.test_request_context("/backoffice/directory/?q=x"):
        first = render_template_string(UI + "{{ ui.pager(page) }}", page=Page([1], next="n1"))
        only = render_template_string(UI + "{{ ui.pager(page) }}", page=Page([1]))
    assert 'rel="next"' in first
    assert "q=x&amp;cursor=n1" in first
    assert 'rel="prev"' not in first
    assert only.strip() == ""


def test_a_question_names_the_number_and_does_nothing_but_post(app):
    with app.test_request_context("/backoffice/directory/"):
        page = render_template(
            "confirm.html",
            title="Cancelar",
            message="Se cancelarán los envíos.",
            number=1312,
            action="/backoffice/directory/change",
            accept="Aceptar",
            cancel="/backoffice/directory/",
            fields={"ids": ["a", "b"], "all": "<1>"},
        )
    assert "1.312" in page
    assert page.count('name="ids"') == 2
    assert 'value="&lt;1&gt;"' in page
    assert '<form method="post" action="/backoffice/directory/change">' in page


def test_progress_renews_itself_without_javascript_only_while_it_runs(app):
    template = (
        "{% extends 'backoffice.html' %}" + UI + "{% block content %}{{ ui.progress(3, 12, 'Claves') }}{% endblock %}"
    )
    with app.test_request_context("/backoffice/directory/"):
        running = render_template_string(template, refresh=2)
        finished = render_template_string(template, refresh=None)
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in running
    assert "<strong>3</strong> de 12 (25 %)" in running
    assert "refresh" not in finished


def test_progress_of_nothing_is_complete(app):
    with app.test_request_context():
        shown = render_template_string(UI + "{{ ui.progress(0, 0, 'Claves') }}")
    assert 'max="1" value="1"' in shown


def test_what_people_typed_is_never_markup(app):
    with app.test_request_context("/backoffice/directory/?q=%22%3E%3Cscript%3E"):
        shown = render_template_string(UI + "{{ ui.filter_text('q', 'Nombre') }}{{ ui.alert('<script>') }}")
        address = render_template_string("<a href='{{ with_query(lang='en') }}'>")
    assert "<script>" not in shown + address
