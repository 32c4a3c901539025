"""The templates in use, made ready to be filled; a change counts from the next letter on."""

import structlog

from services.mailer.queries.templates import count_template_versions, list_current_templates, words_of
from services.mailer.rules.templates import Template, TemplateRefused, default_template, prepare
from shared.db import Database

log = structlog.get_logger(__name__)


class TemplateBook:
    """What the sending threads of one process share. Filling a letter costs no query: a job keeps this up to date."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._versions = 0
        self._changed: dict[tuple[str, str], Template] = {}

    def __call__(self, kind: str, language: str) -> Template:
        """The template of a kind of letter in a language."""
        return self._changed.get((kind, language)) or default_template(kind, language)

    def refresh(self) -> bool:
        """Read the templates again if one was saved since. A broken one must not stop the mail: the default goes."""
        with self._db.read() as session:
            versions = count_template_versions(session)
            if versions == self._versions:
                return False
            current = list_current_templates(session)
        changed = {}
        for row in current:
            try:
                changed[row.kind, row.language] = prepare(row.kind, row.language, words_of(row))
            except TemplateRefused as error:
                log.error("template_broken", kind=row.kind, language=row.language, version=row.version, why=str(error))
        self._changed, self._versions = changed, versions
        return False
