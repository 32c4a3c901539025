"""Notices as the portal raises them, for a mailer under test."""

from datetime import timedelta
from typing import Any

from services.mailer.queries import list_sealing_keys
from services.mailer.rules.notices import SEALED, TOLD_AS, VALUES, WITH_TOKEN
from shared import clock
from shared.db import new_id
from shared.events.portal import NoticeRaised, NoticeSecret, NoticeValue, Reader
from shared.sealing import seal_for_address
from tests.support.mailer import TOKEN, Mailer

NAMES = sorted({TOLD_AS.get(name, name) for values in VALUES.values() for name in values})
EVERYTHING = {name: f"valor de {name} ñ" for name in NAMES}
"""A value for whatever a notice may say."""


def sealed(mailer: Mailer, address: str, secret: str = TOKEN) -> NoticeSecret:
    """A secret that only a letter to this address can say."""
    with mailer.db.read() as session:
        key = list_sealing_keys(session)[0]
    return seal_for_address(secret, address, key.id, key.public_key)


def raised(mailer: Mailer, kind: str, **changes: Any) -> NoticeRaised:
    """A notice of a kind; fields of it, and of its reader, can be given."""
    fields = {name: changes.pop(name) for name in list(changes) if name in Reader.__dataclass_fields__}
    to: dict[str, Any] = {"name": "María Ríos", "address": "maria@example.test", "language": "es"}
    given: dict[str, Any] = {
        "notice_id": new_id(),
        "kind": kind,
        "reader": Reader(**(to | fields)),
        "path": "/customerarea/profile/email/confirm?token=" if kind in WITH_TOKEN else "/customerarea/cases/1?tab=all",
        "expires_at": clock.now() + timedelta(days=1),
        "at": clock.now(),
        "values": [NoticeValue(name=name, value=value) for name, value in EVERYTHING.items()],
        "secret": sealed(mailer, fields.get("address", to["address"])) if kind in SEALED else None,
    }
    return NoticeRaised(**(given | changes))
