"""People whom clients let in: contacts that get letters, and those of them that may sign in (sub-accounts)."""

import uuid
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.portal.models.base import Base
from services.portal.models.parties import Party
from shared.db import new_id

KEPT = text("removed_at IS NULL")
LIVE = text("ended_at IS NULL")


class Person(Base):
    """Somebody who signs in and was let in by a client; `id` is who they are to identity: a guest, or a party too."""

    __tablename__ = "people"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(300))
    address: Mapped[str] = mapped_column(String(320))
    """With which they sign in."""
    language: Mapped[str] = mapped_column(String(10))
    is_guest: Mapped[bool]
    """Not a party of the directory: there is no area of their own."""
    created_at: Mapped[datetime]


class Contact(Base):
    """Somebody a client named: what they get by letter (`notices`) and what they may do (`rights`) are two lists.

    The person behind a sub-account is `person_id`, once somebody accepted the invitation.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        Index(
            "uq_contacts_party_id_address_key",
            "party_id",
            "address_key",
            unique=True,
            sqlite_where=KEPT,
            postgresql_where=KEPT,
        ),
        Index("ix_contacts_party_id_id", "party_id", "id"),
        Index("ix_contacts_person_id", "person_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parties.id"))
    name: Mapped[str] = mapped_column(String(300))
    address: Mapped[str] = mapped_column(String(320))
    address_key: Mapped[str] = mapped_column(String(320))
    """One spelling for each address, see `rules/contacts.py`."""
    phone: Mapped[str] = mapped_column(String(60), default="")
    language: Mapped[str] = mapped_column(String(10))
    notices: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Of PREFERENCES in rules/notices.py, what the client wants them to get by letter."""
    stopped: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Those of PREFERENCES of which they want no letters themselves, whatever the client chose."""
    instead: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Those of `notices` that they get instead of the client."""
    state: Mapped[str] = mapped_column(String(10))
    """none (gets letters, does not sign in), invited, active, suspended or removed; see rules/contacts.py."""
    rights: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Of RIGHTS in rules/rights.py; kept while the sub-account is off."""
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(300), default="")
    accepted_at: Mapped[datetime | None]
    last_sign_in_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]

    party: Mapped[Party] = relationship(lazy="raise")
    person: Mapped[Person | None] = relationship(lazy="raise")


class Invitation(Base):
    """The single-use link with which a contact accepts. Only the SHA-256 of its token is kept."""

    __tablename__ = "invitations"
    __table_args__ = (
        Index("ix_invitations_contact_id_id", "contact_id", "id"),
        Index("ix_invitations_live", "expires_at", sqlite_where=LIVE, postgresql_where=LIVE),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    contact_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contacts.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    notice_id: Mapped[uuid.UUID]
    """Whose letter holds the link, so that it can be withdrawn."""
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """Of the code that was sent to the address, so that a forwarded link alone opens nothing."""
    code_sent_at: Mapped[datetime | None]
    code_tries: Mapped[int] = mapped_column(default=0)
    """Wrong codes since then."""
    codes_sent: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(String(10), default="")
    """used, expired, replaced (by a newer one) or revoked."""
