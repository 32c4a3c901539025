"""Telling people by letter: the portal says who is to learn of what, the mailer writes it."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy.orm import Session

from services.portal.models import Party
from services.portal.rules.parties import writable_address
from shared import clock
from shared.db import new_id
from shared.events.portal import NoticeRaised, NoticeSecret, NoticeValue, Reader
from shared.outbox import publish

WORTH = timedelta(days=30)
"""For how long a letter that cannot go out is still worth sending."""


def raise_notice(
    session: Session,
    kind: str,
    party: Party,
    path: str,
    values: Mapping[str, str],
    *,
    address: str = "",
    secret: NoticeSecret | None = None,
    worth: timedelta = WORTH,
) -> bool:
    """Let a party learn of something by letter; returns False if there is no address to which one may be sent.

    `kind` is one that the mailer has a template for, `path` the page to which the letter leads, and `values` what it
    says, as people read it, in the party's language. `address`: another than the principal one.
    """
    to = address or writable_address(party.emails)
    if not to:
        return False
    publish(
        session,
        _notice(
            kind,
            Reader(name=party.name, address=to, language=party.language, party_id=party.id),
            path,
            values,
            secret,
            worth,
        ),
    )
    return True


def raise_staff_notice(
    session: Session, kind: str, name: str, address: str, language: str, path: str, values: Mapping[str, str]
) -> None:
    """Let the agency itself learn of something by letter; `path` is a page of the back office."""
    reader = Reader(name=name, address=address, language=language)
    publish(session, _notice(kind, reader, path, values, None, WORTH))


def _notice(
    kind: str, reader: Reader, path: str, values: Mapping[str, str], secret: NoticeSecret | None, worth: timedelta
) -> NoticeRaised:
    moment = clock.now()
    return NoticeRaised(
        notice_id=new_id(),
        kind=kind,
        reader=reader,
        path=path,
        expires_at=moment + worth,
        at=moment,
        values=[NoticeValue(name=name, value=value) for name, value in values.items()],
        secret=secret,
    )
