"""`/api/directory/v1/attention`: what the start page shows of the directory."""

from datetime import timedelta

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from services.directory.queries.attention import count_waiting
from shared import clock
from shared.web import Attention

RECENT = timedelta(days=7)


def list_attention(session: Session) -> list[Attention]:
    """Addresses that letters cannot reach, and imports that somebody has to look at."""
    waiting = count_waiting(session, clock.now() - RECENT)
    imports = url_for("import_pages.history")
    found = [
        _parties(gettext("Active parties whose e-mail address bounced"), waiting.bounced, "bad", "bounced"),
        _parties(gettext("Active parties whose e-mail address is blocked"), waiting.blocked, "bad", "blocked"),
        Attention(
            text=gettext("Imports that were checked and wait to be applied"),
            count=waiting.imports_to_decide,
            level="waiting",
            href=imports,
        ),
        Attention(
            text=gettext("Imports of the last seven days that left rows out"),
            count=waiting.imports_with_problems,
            level="waiting",
            href=imports,
        ),
        _parties(gettext("Active parties without an e-mail address"), waiting.without_address, "info", "none"),
    ]
    return [one for one in found if one.count]


def _parties(text: str, count: int, level: str, state: str) -> Attention:
    href = url_for("pages.list_page", email_state=state, active="yes")
    return Attention(text=text, count=count, level=level, href=href)
