"""Telling people by letter: the portal says who is to learn of what, the mailer writes it."""

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from services.portal.models import FormerLetter, Notice, Party
from services.portal.queries.readers import NoticeReader, list_readers
from services.portal.rules.contacts import address_key
from services.portal.rules.notices import PREFERENCE_OF, RAISED, WITHDRAWN
from services.portal.rules.parties import writable_address
from shared import clock
from shared.db import insert_into, new_id
from shared.events.portal import (
    NoticeAttachment,
    NoticeRaised,
    NoticeSecret,
    NoticeValue,
    NoticeWithdrawn,
    Reader,
)
from shared.outbox import publish

WORTH = timedelta(days=30)
"""For how long a letter that cannot go out is still worth sending."""
CHUNK = 500


@dataclass(frozen=True, kw_only=True)
class News:
    """Something that whoever wants such letters about a client is to learn, once for each `about`.

    `kind` is one of PREFERENCE_OF, and the mailer has a template for it. `about`: what it is about and is told once (an
    invoice, a payment, a message of a case). `path`: the page to which the letter leads. `label`: the number by which
    people know it. `values_in`: what it says in a language, as people read it. `until`: later the letter is worth
    nothing.
    """

    kind: str
    party_id: uuid.UUID
    about: uuid.UUID
    path: str
    label: str
    values_in: Callable[[str], Mapping[str, str]]
    until: datetime
    attachments: Sequence[NoticeAttachment] = ()


def tell(session: Session, party: Party, news: News) -> int:
    """Let whoever wants such letters about a client learn of it; returns how many letters that makes."""
    return tell_all(session, [news], list_readers(session, [party]))


def tell_all(session: Session, every: Iterable[News], readers: Mapping[uuid.UUID, Sequence[NoticeReader]]) -> int:
    """The same for many at once; `readers` as `list_readers` gives them. What an address was told before is left out.

    Two that do this at once, or one that does it again, tell nobody twice: the database has one row for each thing
    and address.
    """
    wanted = sorted(
        ((news, reader) for news in every for reader in readers.get(news.party_id, ()) if _wants(reader, news)),
        # Parties first, in the order in which everybody locks them, so that two at once never wait for each other.
        key=lambda pair: (pair[0].party_id, pair[0].about, pair[0].kind, pair[1].key),
    )
    moment, said = clock.now(), _Said()
    told = 0
    for start in range(0, len(wanted), CHUNK):
        rows = {new_id(): pair for pair in wanted[start : start + CHUNK]}
        fresh = insert_into(session, Notice.__table__).on_conflict_do_nothing(
            index_elements=["about", "kind", "address_key"]
        )
        # One statement that is run for each row, and the answer read apart: PostgreSQL's driver is slow with thousands
        # of values in one statement.
        session.execute(fresh, [_row(key, *pair, moment) for key, pair in rows.items()])
        made = session.scalars(select(Notice.id).where(Notice.id.between(min(rows), max(rows))))
        events = [_event(key, *rows[key], moment, said) for key in sorted(made) if key in rows]
        publish(session, *events)
        told += len(events)
    return told


def _wants(reader: NoticeReader, news: News) -> bool:
    return PREFERENCE_OF[news.kind] in reader.wants


def withdraw_notices(session: Session, about: Iterable[uuid.UUID], kinds: Collection[str], reason: str) -> int:
    """Take back what was raised about these and may not have been sent yet; returns how many letters that is about.

    `reason` as NoticeWithdrawn says.
    """
    taken, wanted = 0, sorted(set(about))
    for start in range(0, len(wanted), CHUNK):
        some = Notice.about.in_(wanted[start : start + CHUNK])
        taken += _withdraw(session, and_(some, Notice.kind.in_(kinds)), reason)
    return taken


def withdraw_from(session: Session, party_id: uuid.UUID, address: str, kinds: Collection[str], reason: str) -> int:
    """Take back what was raised about a client for one address and may not have been sent yet."""
    meant = and_(Notice.party_id == party_id, Notice.address_key == address_key(address), Notice.kind.in_(kinds))
    return _withdraw(session, meant, reason)


def _withdraw(session: Session, meant: ColumnElement[bool], reason: str) -> int:
    moment = clock.now()
    # In the order of the ids, as everybody locks them, so that two transactions never wait for each other.
    waiting = select(Notice.id).where(meant, Notice.state == RAISED).order_by(Notice.id).with_for_update()
    back = update(Notice).where(Notice.id.in_(waiting)).values(state=WITHDRAWN, ended_at=moment)
    taken = session.scalars(back.returning(Notice.notice_id).execution_options(synchronize_session=False)).all()
    publish(session, *(NoticeWithdrawn(notice_id=one, reason=reason, at=moment) for one in taken))
    return len(taken)


def withdraw_letters_to(
    session: Session, party_id: uuid.UUID, contact_id: uuid.UUID, unwanted: Collection[str] | None = None
) -> int:
    """Take back whatever was raised about a client for one contact and may not have been sent yet.

    `unwanted`: only what is chosen by these of PREFERENCES.
    """
    kinds = [kind for kind, choice in PREFERENCE_OF.items() if unwanted is None or choice in unwanted]
    meant = and_(Notice.party_id == party_id, Notice.contact_id == contact_id, Notice.kind.in_(kinds))
    return _withdraw(session, meant, "stopped")


def renew_notices(session: Session, party: Party, news: News) -> int:
    """What was raised about this says something else now: letters that still wait are replaced by these words."""
    waiting = select(Notice).where(Notice.about == news.about, Notice.kind == news.kind, Notice.state == RAISED)
    found = session.scalars(waiting.order_by(Notice.id).with_for_update()).all()
    moment, said, events = clock.now(), _Said(), []
    for notice in found:
        reader = NoticeReader(party.id, notice.contact_id, notice.name, notice.address, notice.language, frozenset())
        former, notice.notice_id = notice.notice_id, new_id()
        notice.raised_at, notice.worth_until = moment, news.until
        session.add(FormerLetter(notice_id=former, of_id=notice.id))
        events.append(_event(notice.notice_id, news, reader, moment, said, instead_of=former))
    publish(session, *events)
    return len(found)


class _Said:
    """What news say, put into words once for each language."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], list[NoticeValue]] = {}

    def words(self, news: News, language: str) -> list[NoticeValue]:
        key = id(news), language  # the news are held by the caller while this is in use
        if key not in self._known:
            values = news.values_in(language)
            self._known[key] = [NoticeValue(name=name, value=value) for name, value in values.items()]
        return self._known[key]


def _row(notice_id: uuid.UUID, news: News, reader: NoticeReader, moment: datetime) -> dict[str, Any]:
    return {
        "id": notice_id,
        "notice_id": notice_id,
        "party_id": news.party_id,
        "contact_id": reader.contact_id,
        "kind": news.kind,
        "about": news.about,
        "label": news.label[:120],
        "path": news.path,
        "name": reader.name,
        "address": reader.address,
        "address_key": reader.key,
        "language": reader.language,
        "state": RAISED,
        "raised_at": moment,
        "worth_until": news.until,
    }


def _event(
    notice_id: uuid.UUID,
    news: News,
    reader: NoticeReader,
    moment: datetime,
    said: _Said,
    instead_of: uuid.UUID | None = None,
) -> NoticeRaised:
    # Who is let in by several clients may be looking at another one: the link says which is meant.
    path = news.path if reader.contact_id is None else f"{news.path}?of={news.party_id}"
    return NoticeRaised(
        notice_id=notice_id,
        kind=news.kind,
        reader=Reader(name=reader.name, address=reader.address, language=reader.language, party_id=news.party_id),
        path=path,
        expires_at=news.until,
        at=moment,
        values=said.words(news, reader.language),
        instead_of=instead_of,
        stop_path=f"/customerarea/notices/{notice_id}/stop",
        attachments=list(news.attachments),
    )


def raise_direct_notice(
    session: Session,
    kind: str,
    reader: Reader,
    path: str,
    values: Mapping[str, str],
    *,
    secret: NoticeSecret | None = None,
    worth: timedelta = WORTH,
) -> uuid.UUID:
    """Tell one address, whatever it chose: security letters, and those to the agency. Returns the id of the notice.

    `values` is in the reader's language already. With a `secret` the path ends in `?token=`.
    """
    moment, notice_id = clock.now(), new_id()
    publish(
        session,
        NoticeRaised(
            notice_id=notice_id,
            kind=kind,
            reader=reader,
            path=path,
            expires_at=moment + worth,
            at=moment,
            values=[NoticeValue(name=name, value=value) for name, value in values.items()],
            secret=secret,
        ),
    )
    return notice_id


def reader_of(party: Party, address: str = "") -> Reader | None:
    """The client as a reader, at the principal address or at this one; None if there is none to write to."""
    to = address or writable_address(party.emails)
    return Reader(name=party.name, address=to, language=party.language, party_id=party.id) if to else None
