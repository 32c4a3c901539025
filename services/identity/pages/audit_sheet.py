"""The audit trail as a table to download."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from flask_babel import format_number, gettext

from services.identity.models.audit import AuditEntry
from services.identity.queries.audit import AuditFilter, Names, every_matching, names_of
from services.identity.schemas.acts import KINDS, SERVICES, detail_label, detail_value, wording_of
from services.identity.schemas.acts.entries import actor_name, is_own, party_name, subject_name, what_name
from shared.db import Database
from shared.web.exports import Row

REMEMBERED = 5000


class Sheet:
    """Rows of cells in the reader's language. Words that come again are translated once: a million rows have few."""

    def __init__(self, db: Database, zone: ZoneInfo) -> None:
        self._db, self._zone = db, zone
        remember = lru_cache(REMEMBERED)
        self._template: Callable[..., str] = remember(lambda act, count, own: wording_of(act).template(count, own))
        self._label: Callable[..., str] = remember(lambda act: str(wording_of(act).label))
        self._kind: Callable[..., str] = remember(lambda kind: str(KINDS.get(kind, kind)))
        self._service: Callable[..., str] = remember(lambda service: str(SERVICES.get(service, service)))
        self._detail: Callable[..., str] = remember(
            lambda name, text: f"{detail_label(name)}: {detail_value(name, text)}"
        )
        self._number: Callable[..., str] = remember(format_number)

    def header(self) -> list[str]:
        """What the columns are called."""
        return [
            gettext("Date and time"),
            gettext("What happened"),
            gettext("Kind"),
            gettext("Who"),
            gettext("Kind of actor"),
            gettext("Party"),
            gettext("Number"),
            gettext("Details"),
            gettext("Part"),
            gettext("Network address"),
            gettext("Subject"),
            gettext("Id of the subject"),
            gettext("Id of the entry"),
        ]

    def rows(self, chosen: AuditFilter) -> Iterator[Row]:
        """The entries that pass a filter, the newest first."""
        for entries in every_matching(self._db, chosen):
            with self._db.read() as session:
                names = names_of(session, entries)
            for one in entries:
                yield self._row(one, names)

    def _row(self, one: AuditEntry, names: Names) -> Row:
        return (
            self._time(one.at),
            self._sentence(one, names),
            self._label(one.act),
            actor_name(one, names),
            self._kind(one.actor_kind),
            party_name(one, names),
            one.count,
            "; ".join([self._detail(told["name"], told["value"]) for told in one.details]),
            self._service(one.service),
            one.address,
            one.subject,
            one.subject_id,
            str(one.id),
        )

    def _sentence(self, one: AuditEntry, names: Names) -> str:
        return self._template(one.act, one.count, is_own(one)) % {
            "who": actor_name(one, names),
            "whom": subject_name(one, names),
            "what": what_name(one),
            "count": self._number(one.count or 0),
        }

    def _time(self, moment: datetime) -> str:
        return moment.astimezone(self._zone).isoformat(" ", "seconds")[:19]


def _detail(name: str, value: str) -> str:
    return f"{detail_label(name)}: {detail_value(name, value)}"
