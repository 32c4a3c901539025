"""Writing a template: its form, its checks, and the page on which it is shown."""

import functools
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import HiddenField, StringField, TextAreaField

from services.mailer.actions.templates import TESTS_PER_HOUR, Draft, Place, keep_draft
from services.mailer.models import TemplateVersion
from services.mailer.pages.explained import HINTS, placeholder_text, problem_text
from services.mailer.queries import MOST_COUNTED
from services.mailer.queries.templates import (
    count_waiting_of,
    find_current_template,
    list_template_versions,
    words_of,
)
from services.mailer.rules.options import mail_options
from services.mailer.rules.rendering import Writer
from services.mailer.rules.samples import sample_content
from services.mailer.rules.templates import (
    HTML_LIMIT,
    KIND_OF,
    LANGUAGES,
    NOTE_LIMIT,
    TEXT_LIMIT,
    TemplateRefused,
    Words,
    Written,
    default_words,
    differing_placeholders,
    prepare,
    problems_of,
)
from shared import clock
from shared.web import Staff, current, current_staff, set_policy


class TemplateForm(FlaskForm):
    """The words of a template. What they must hold is checked by the rules, so that every way in has the same."""

    subject = StringField(_l("Subject"))
    text = TextAreaField(_l("Plain text"))
    html = TextAreaField(_l("Body in HTML"))
    note = StringField(_l("Note: what was changed, and why"))
    based_on = HiddenField()
    address = StringField(_l("Your e-mail address"))

    place: Place

    def draft(self) -> Draft:
        """What was written, in one spelling."""
        words = Words(self.subject.data or "", (self.text.data or ""), (self.html.data or ""))
        return Draft(words.tidied(), " ".join((self.note.data or "").split()), (self.address.data or "").strip())

    def refuse(self, refused: TemplateRefused) -> None:
        """Say at the fields what is wrong."""
        for problem in refused.problems:
            field = self[problem.field]
            field.errors = [*field.errors, problem_text(problem)]


def with_place(view: Any) -> Any:
    """Give the view the place that its address names; one that does not exist is 404."""

    @functools.wraps(view)
    def placed(kind: str, language: str, **rest: Any) -> Any:
        if kind not in KIND_OF or language not in LANGUAGES:
            abort(404)
        return view(Place(kind, language), **rest)

    return placed


def signed_in() -> Staff:
    """Who is at the page."""
    staff = current_staff()
    if staff is None:  # the guard of the page lets nobody else come here
        abort(403)
    return staff


def sent_form(place: Place) -> TemplateForm:
    """What was sent in; a missing or old token ends with an error page, as everywhere."""
    form = TemplateForm()
    form.validate()
    if not KIND_OF[place.kind].has_subject:
        form.subject.data = default_words(place.kind, place.language).subject
    form.place = place
    return form


def checked(form: TemplateForm) -> Draft:
    """What was written; raises TemplateRefused."""
    draft = form.draft()
    problems = problems_of(form.place.kind, form.place.language, draft.words)
    if problems:
        raise TemplateRefused(problems)
    if len(draft.note) > NOTE_LIMIT:
        form.note.errors = [_("At most %(most)s characters.", most=NOTE_LIMIT)]
        raise TemplateRefused([])
    return draft


def keep(place: Place, form: TemplateForm) -> Any:
    """Keep what was written for its writer, and show it."""
    with current().db.write() as session:
        keep_draft(session, place, form.draft(), signed_in().id)
    return redirect(
        url_for("templates.edit", kind=place.kind, language=place.language, draft="yes", _anchor="preview"), 303
    )


def refused_page(place: Place, form: TemplateForm, refused: TemplateRefused, status: int = 422) -> Any:
    """Show the form again, with what is wrong at the fields."""
    form.refuse(refused)
    with current().db.read() as session:
        return template_page(session, place, form, None, is_draft=True), status


def words_in_use(row: TemplateVersion | None, place: Place) -> Words:
    """The words of the newest version, or the default ones."""
    return words_of(row) if row else default_words(place.kind, place.language)


def written_with_samples(place: Place, words: Words) -> Written:
    """A letter to nobody; raises TemplateRefused."""
    options = mail_options(current().settings)
    writer = Writer(options.public_url, options.timezone, options.mail_from)
    template = prepare(place.kind, place.language, words)
    return writer.fill(template, sample_content(place.kind, place.language, clock.now()))


def template_page(session: Session, place: Place, form: TemplateForm, words: Words | None, *, is_draft: bool) -> str:
    """The page; without words (they were refused) there is nothing to preview."""
    set_policy(frame_src="'self'")
    row = find_current_template(session, place.kind, place.language)
    broken = words is not None and bool(problems_of(place.kind, place.language, words))
    if broken and not is_draft and words:
        form.refuse(TemplateRefused(problems_of(place.kind, place.language, words)))
    usable = words if words and not broken else None
    return render_template(
        "mailer/template.html",
        place=place,
        kind=KIND_OF[place.kind],
        form=form,
        current=row,
        is_draft=is_draft,
        broken=broken and not is_draft,
        written=written_with_samples(place, usable) if usable else None,
        differing=differing_placeholders(usable) if usable else ([], []),
        versions=list_template_versions(session, place.kind, place.language),
        waiting=count_waiting_of(session, place.kind, place.language),
        placeholder_text=placeholder_text,
        limits={"text": TEXT_LIMIT, "html": HTML_LIMIT},
        hint=HINTS[place.kind],
        tests_per_hour=TESTS_PER_HOUR,
    )


def waiting_text(waiting: int) -> str:
    """How many letters a change will reach; "" if none."""
    if not waiting:
        return ""
    if waiting >= MOST_COUNTED:
        return _("More than %(num)s letters of this kind wait and will go out with the new text.", num=MOST_COUNTED)
    return ngettext(
        "%(num)d letter of this kind waits and will go out with the new text.",
        "%(num)d letters of this kind wait and will go out with the new text.",
        waiting,
    )


def say_saved(saved: TemplateVersion, waiting: int) -> None:
    """Tell that it was saved, and what follows."""
    told = _("Saved as version %(number)s. Letters go out with these words from now on.", number=saved.version)
    flash(f"{told} {waiting_text(waiting)}".strip(), "success")
    only_text, only_html = differing_placeholders(words_of(saved))
    if only_text or only_html:
        flash(_("Plain text and HTML do not tell the same: look at the note beside the preview."), "warning")
