"""Templates of letters: the list, writing one, its preview, a test to oneself, and its former versions."""

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from services.mailer.actions.templates import (
    TESTS_PER_HOUR,
    ChangedMeanwhile,
    NoSuchVersion,
    NothingChanged,
    Place,
    TooManyTests,
    change_template,
    forget_draft,
    restore_template,
    send_test,
)
from services.mailer.pages.explained import HINTS, problem_text
from services.mailer.pages.writing import (
    TemplateForm,
    checked,
    keep,
    refused_page,
    say_saved,
    sent_form,
    signed_in,
    template_page,
    waiting_text,
    with_place,
    words_in_use,
    written_with_samples,
)
from services.mailer.queries.templates import (
    count_waiting_of,
    find_current_template,
    find_draft,
    find_template_words,
    list_broken_templates,
    list_current_templates,
)
from services.mailer.rules.addresses import AddressRefused
from services.mailer.rules.templates import (
    KIND_OF,
    LANGUAGES,
    TemplateRefused,
    Words,
    default_words,
    problems_of,
)
from shared.web import current, set_policy, staff_required

templates = Blueprint("templates", __name__, url_prefix="/backoffice/mailer/templates")
ONE = "/<kind>/<language>"


@templates.get("", strict_slashes=False)
@staff_required()
def index() -> str:
    """All kinds of letters, and which words each has."""
    with current().db.read() as session:
        changed = {(row.kind, row.language): row for row in list_current_templates(session)}
        broken = {(one.kind, one.language) for one in list_broken_templates(session)}
        subjects = {
            (kind, language): (
                changed[kind, language] if (kind, language) in changed else default_words(kind, language)
            ).subject
            for kind in KIND_OF
            for language in LANGUAGES
        }
        return render_template(
            "mailer/templates.html",
            kinds=KIND_OF,
            languages=LANGUAGES,
            changed=changed,
            broken=broken,
            subjects=subjects,
            hints=HINTS,
        )


@templates.get(ONE)
@staff_required()
@with_place
def edit(place: Place) -> Any:
    """Write a template: the words in use, or with `?draft=yes` those that were last tried out."""
    staff = signed_in()
    with current().db.read() as session:
        row = find_current_template(session, place.kind, place.language)
        kept = find_draft(session, staff.id, place.kind, place.language) if request.args.get("draft") else None
        words = Words(kept.subject, kept.text, kept.html) if kept else words_in_use(row, place)
        form = TemplateForm(
            formdata=None,
            **vars(words),
            note=kept.note if kept else "",
            address=kept.address if kept else "",
            based_on=str(row.version if row else 0),
        )
        return template_page(session, place, form, words, is_draft=kept is not None)


@templates.post(ONE)
@staff_required("agent")
@with_place
def save(place: Place) -> Any:
    """Save what was written as a new version."""
    form, staff = sent_form(place), signed_in()
    based_on = int(form.based_on.data) if (form.based_on.data or "").isdecimal() else 0
    try:
        draft = checked(form)
        with current().db.write() as session:
            saved = change_template(session, place, draft, staff.name, based_on)
            forget_draft(session, place, staff.id)
            waiting = count_waiting_of(session, place.kind, place.language)
    except TemplateRefused as refused:
        return refused_page(place, form, refused)
    except NothingChanged:
        flash(_("Nothing was different: the words are those in use already."), "info")
    except ChangedMeanwhile:
        flash(
            _("Somebody else saved this template meanwhile. What you wrote is still here: compare, and save again."),
            "warning",
        )
        return keep(place, form)
    else:
        say_saved(saved, waiting)
    return redirect(url_for("templates.edit", kind=place.kind, language=place.language), 303)


@templates.post(f"{ONE}/preview")
@staff_required("agent")
@with_place
def try_out(place: Place) -> Any:
    """Show what was written, without saving it for others."""
    form = sent_form(place)
    try:
        checked(form)
    except TemplateRefused as refused:
        return refused_page(place, form, refused)
    return keep(place, form)


@templates.post(f"{ONE}/insert")
@staff_required("agent")
@with_place
def insert(place: Place) -> Any:
    """Add a placeholder at the end of the text and of the HTML: for who does not want to type braces."""
    form, name = sent_form(place), request.form.get("placeholder", "")
    if name not in KIND_OF[place.kind].placeholders:
        abort(404)
    mark = f"{{{{ {name} }}}}"
    form.text.data = f"{form.text.data or ''}\n\n{mark}"
    form.html.data = f"{form.html.data or ''}\n<p>{mark}</p>"
    return keep(place, form)


@templates.post(f"{ONE}/test")
@staff_required("agent")
@with_place
def test(place: Place) -> Any:
    """Send what was written, with made-up values, to whoever writes it."""
    form, staff = sent_form(place), signed_in()
    try:
        draft = checked(form)
        written = written_with_samples(place, draft.words)
        with current().db.write() as session:
            send_test(session, place, written, draft.address, staff.id, staff.name)
    except TemplateRefused as refused:
        return refused_page(place, form, refused)
    except AddressRefused:
        form.address.errors = [_("Write your e-mail address, such as ana@agencia.example.")]
        return refused_page(place, form, TemplateRefused([]))
    except TooManyTests:
        form.address.errors = [_("You sent %(most)s tests within an hour. Wait a little.", most=TESTS_PER_HOUR)]
        return refused_page(place, form, TemplateRefused([]), 429)
    flash(
        _("The test is on its way to %(address)s. Nothing was saved for others yet.", address=draft.address), "success"
    )
    return keep(place, form)


@templates.get(f"{ONE}/preview.html")
@staff_required()
@with_place
def preview(place: Place) -> Response:
    """What a mail program would show, for a frame: the words in use, a version, or a draft."""
    with current().db.read() as session:
        if request.args.get("draft"):
            kept = find_draft(session, signed_in().id, place.kind, place.language) or abort(404)
            words: Words | None = Words(kept.subject, kept.text, kept.html)
        else:
            words = find_template_words(session, place.kind, place.language, request.args.get("version", 0, int))
    if words is None or problems_of(place.kind, place.language, words):
        abort(404)
    # Only what a letter is made of: its own styles, in a frame that may do nothing.
    set_policy(frame_ancestors="'self'", style_src="'unsafe-inline'", sandbox="", script_src="'none'")
    return Response(written_with_samples(place, words).html, content_type="text/html; charset=utf-8")


@templates.get(f"{ONE}/versions/<int:version>")
@staff_required()
@with_place
def show_version(place: Place, version: int) -> str:
    """A former version, or the default (0)."""
    with current().db.read() as session:
        words = find_template_words(session, place.kind, place.language, version) or abort(404)
        row = find_current_template(session, place.kind, place.language)
    set_policy(frame_src="'self'")
    problems = problems_of(place.kind, place.language, words)
    return render_template(
        "mailer/template_version.html",
        place=place,
        version=version,
        words=words,
        problems=[problem_text(one) for one in problems],
        written=None if problems else written_with_samples(place, words),
        is_current=version == (row.version if row else 0),
    )


@templates.get(f"{ONE}/versions/<int:version>/restore")
@staff_required("agent")
@with_place
def ask_restore(place: Place, version: int) -> Any:
    """Say what follows, and ask."""
    with current().db.read() as session:
        if find_template_words(session, place.kind, place.language, version) is None:
            abort(404)
        waiting = count_waiting_of(session, place.kind, place.language)
    return render_template(
        "confirm.html",
        title=_("Use the default again") if version == 0 else _("Use version %(number)s again", number=version),
        message=_("Its words become the newest version. The present ones stay in the list of versions."),
        details=[waiting_text(waiting)] if waiting else [],
        action=url_for("templates.restore", kind=place.kind, language=place.language, version=version),
        fields={},
        accept=_("Use these words"),
        cancel=url_for("templates.edit", kind=place.kind, language=place.language),
    )


@templates.post(f"{ONE}/versions/<int:version>/restore")
@staff_required("agent")
@with_place
def restore(place: Place, version: int) -> Any:
    """Make a former version the newest one."""
    note = _("The default again") if version == 0 else _("Version %(number)s again", number=version)
    try:
        with current().db.write() as session:
            saved = restore_template(session, place, version, signed_in().name, note)
            waiting = count_waiting_of(session, place.kind, place.language)
        say_saved(saved, waiting)
    except NoSuchVersion:
        abort(404)
    except NothingChanged:
        flash(_("Nothing was different: the words are those in use already."), "info")
    except TemplateRefused:
        flash(_("This version can not be used any more: it lacks something that letters must have today."), "error")
    except ChangedMeanwhile:
        flash(_("Somebody else saved this template at this moment. Look at it, and try again."), "warning")
    return redirect(url_for("templates.edit", kind=place.kind, language=place.language), 303)
