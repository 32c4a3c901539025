"""Reads of templates: which words are in use, and which were before."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.mailer.models import Letter, TemplateDraft, TemplateVersion
from services.mailer.queries import MOST_COUNTED, first_id
from services.mailer.rules.states import PENDING, TEST
from services.mailer.rules.templates import (
    KIND_OF,
    LANGUAGES,
    Problem,
    Template,
    TemplateRefused,
    Words,
    default_template,
    default_words,
    prepare,
    problems_of,
)


@dataclass(frozen=True)
class BrokenTemplate:
    """A saved template that can not be used any more, for example since an upgrade: the default stands in for it."""

    kind: str
    language: str
    version: int
    problems: list[Problem]


def words_of(version: TemplateVersion) -> Words:
    """The words of a saved template."""
    return Words(version.subject, version.text, version.html)


def list_current_templates(session: Session) -> list[TemplateVersion]:
    """The newest version of each kind and language that was ever changed."""
    newest = (
        select(TemplateVersion.kind, TemplateVersion.language, func.max(TemplateVersion.version).label("version"))
        .group_by(TemplateVersion.kind, TemplateVersion.language)
        .subquery()
    )
    same = (
        (TemplateVersion.kind == newest.c.kind)
        & (TemplateVersion.language == newest.c.language)
        & (TemplateVersion.version == newest.c.version)
    )
    rows = session.scalars(select(TemplateVersion).join(newest, same))
    return [row for row in rows if row.kind in KIND_OF and row.language in LANGUAGES]


def count_template_versions(session: Session) -> int:
    """How many versions were ever saved: it grows with each change, so it tells cheaply whether there was one."""
    return session.scalar(select(func.count()).select_from(TemplateVersion)) or 0


def list_broken_templates(session: Session) -> list[BrokenTemplate]:
    """Templates in use that can not be used, for which the default stands in."""
    return [
        BrokenTemplate(row.kind, row.language, row.version, problems)
        for row in list_current_templates(session)
        if (problems := problems_of(row.kind, row.language, words_of(row)))
    ]


def list_template_versions(session: Session, kind: str, language: str) -> list[TemplateVersion]:
    """All versions, the newest first."""
    same = (TemplateVersion.kind == kind, TemplateVersion.language == language)
    return list(session.scalars(select(TemplateVersion).where(*same).order_by(TemplateVersion.version.desc())))


def find_current_template(session: Session, kind: str, language: str) -> TemplateVersion | None:
    """The newest version; None while nobody changed the default."""
    same = (TemplateVersion.kind == kind, TemplateVersion.language == language)
    return session.scalar(select(TemplateVersion).where(*same).order_by(TemplateVersion.version.desc()).limit(1))


def find_template_words(session: Session, kind: str, language: str, version: int) -> Words | None:
    """The words of a version, 0 is the default."""
    if version == 0:
        return default_words(kind, language)
    same = (
        TemplateVersion.kind == kind,
        TemplateVersion.language == language,
        TemplateVersion.version == version,
    )
    found = session.scalar(select(TemplateVersion).where(*same))
    return words_of(found) if found else None


def template_in_use(session: Session, kind: str, language: str) -> Template:
    """The template with which the next letter is written."""
    current = find_current_template(session, kind, language)
    if current is None:
        return default_template(kind, language)
    try:
        return prepare(kind, language, words_of(current))
    except TemplateRefused:
        return default_template(kind, language)


def find_draft(session: Session, staff_id: str, kind: str, language: str) -> TemplateDraft | None:
    """What this member of the staff was last trying out."""
    return session.get(TemplateDraft, (staff_id, kind, language))


def count_waiting_of(session: Session, kind: str, language: str) -> int:
    """How many letters of a kind and language wait; counts no further than MOST_COUNTED."""
    same = (Letter.state == PENDING, Letter.kind == kind, Letter.language == language)
    some = select(Letter.id).where(*same).limit(MOST_COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def count_tests(session: Session, staff_id: str, since: datetime) -> int:
    """How many tests this member of the staff sent since a moment."""
    same = (Letter.kind == TEST, Letter.id >= first_id(since), Letter.requested_by == staff_id)
    return session.scalar(select(func.count()).select_from(Letter).where(*same)) or 0
