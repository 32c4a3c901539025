"""Telling people by letter: the portal says who is to learn of what, the mailer writes it."""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.portal.models import Notice, Party
from services.portal.queries.readers import NoticeReader, list_readers
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
    wanted = [
        (news, reader)
        for news in every
        for reader in readers.get(news.party_id, ())
        if PREFERENCE_OF[news.kind] in reader.wants
    ]
    told = 0
    for start in range(0, len(wanted), CHUNK):
        some = wanted[start : start + CHUNK]
        moment = clock.now()
        rows = {new_id(): pair for pair in some}
        statement = insert_into(session, Notice).values([_row(key, *pair, moment) for key, pair in rows.items()])
        fresh = statement.on_conflict_do_nothing(index_elements=["about", "kind", "address_key"])
        made = session.scalars(fresh.returning(Notice.notice_id)).all()
        publish(session, *(_event(key, *rows[key], moment) for key in made))
        told += len(made)
    return told


def withdraw_notices(session: Session, about: Iterable[uuid.UUID], kinds: Sequence[str], reason: str) -> int:
    """Take back what was raised about these and may not have been sent yet; returns how many letters that is about.

    `reason` as NoticeWithdrawn says.
    """
    moment = clock.now()
    taken: list[uuid.UUID] = []
    wanted = list(about)
    for start in range(0, len(wanted), CHUNK):
        back = update(Notice).where(
            Notice.about.in_(wanted[start : start + CHUNK]), Notice.kind.in_(kinds), Notice.state == RAISED
        )
        done = back.values(state=WITHDRAWN, ended_at=moment).returning(Notice.notice_id)
        taken += session.scalars(done.execution_options(synchronize_session=False)).all()
    publish(session, *(NoticeWithdrawn(notice_id=one, reason=reason, at=moment) for one in taken))
    return len(taken)


def renew_notices(session: Session, party: Party, news: News) -> int:
    """What was raised about this says something else now: letters that still wait are replaced by these words."""
    waiting = select(Notice).where(Notice.about == news.about, Notice.kind == news.kind, Notice.state == RAISED)
    found = session.scalars(waiting.with_for_update()).all()
    moment = clock.now()
    for notice in found:
        reader = NoticeReader(party.id, notice.contact_id, notice.name, notice.address, notice.language, frozenset())
        former, notice.notice_id = notice.notice_id, new_id()
        notice.raised_at, notice.worth_until = moment, news.until
        publish(session, _event(notice.notice_id, news, reader, moment, instead_of=former))
    return len(found)


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
        values=[NoticeValue(name=name, value=value) for name, value in news.values_in(reader.language).items()],
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
