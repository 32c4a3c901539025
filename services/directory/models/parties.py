"""Parties, their e-mail addresses, what is known of their access, and the log of their changes."""

import uuid
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.directory.models.base import Base
from shared.db import new_id


class Party(Base):
    """A person or an organisation: tenant, owner, or both."""

    __tablename__ = "parties"
    __table_args__ = (
        UniqueConstraint("document_type", "document_key"),
        Index("ix_parties_document_key", "document_key"),
        Index("ix_parties_name_search", "name_search", "id"),
        Index("ix_parties_email_state", "email_state", "name_search", "id"),
        Index("ix_parties_active", "active", "name_search", "id"),
        Index("ix_parties_updated_at", "updated_at", "id"),
        Index("ix_parties_attention", "active", "email_state"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    """Grows by one with each change; events carry it, so that a reader of events knows the newest."""
    code: Mapped[str] = mapped_column(String(40), unique=True)
    document_type: Mapped[str] = mapped_column(String(8))
    document_number: Mapped[str] = mapped_column(String(40))
    """As it was written."""
    document_key: Mapped[str] = mapped_column(String(40))
    """By the rule of shared/documents.py."""
    name: Mapped[str] = mapped_column(String(200))
    name_search: Mapped[str] = mapped_column(String(400))
    """The name without accents and capitals: what is searched and sorted by."""
    is_tenant: Mapped[bool]
    is_owner: Mapped[bool]
    language: Mapped[str] = mapped_column(String(5))
    active: Mapped[bool] = mapped_column(default=True)
    email_state: Mapped[str] = mapped_column(String(12), default="none")
    """The state of the principal address, or `none`: so that filtering needs no second table."""
    phones: Mapped[list[str]] = mapped_column(JSON, default=list)
    street: Mapped[str] = mapped_column(String(200), default="")
    city: Mapped[str] = mapped_column(String(100), default="")
    region: Mapped[str] = mapped_column(String(100), default="")
    postal_code: Mapped[str] = mapped_column(String(20), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    notes: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    # Read together with the party, in one query for a whole page; written by actions/emails.py, all of a party at once.
    emails: Mapped[list["PartyEmail"]] = relationship(order_by="PartyEmail.position", lazy="selectin", viewonly=True)

    @property
    def classes(self) -> list[str]:
        """`tenant`, `owner` or both, in this order."""
        return [name for name, held in (("tenant", self.is_tenant), ("owner", self.is_owner)) if held]

    @property
    def principal(self) -> "PartyEmail | None":
        """The principal e-mail address, if there is any address."""
        return next((email for email in self.emails if email.principal), None)


class PartyEmail(Base):
    """An e-mail address of a party. Of those of one party exactly one is principal."""

    __tablename__ = "party_emails"
    __table_args__ = (
        UniqueConstraint("party_id", "address_key"),
        Index(
            "uq_party_emails_principal",
            "party_id",
            unique=True,
            sqlite_where=text("principal"),
            postgresql_where=text("principal"),
        ),
        Index("ix_party_emails_address_key", "address_key"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parties.id", ondelete="CASCADE"))
    position: Mapped[int]
    address: Mapped[str] = mapped_column(String(254))
    address_key: Mapped[str] = mapped_column(String(254))
    """In small letters: mail programs and people do not tell them apart."""
    principal: Mapped[bool]
    state: Mapped[str] = mapped_column(String(12))
    """unverified, valid, bounced or blocked."""
    state_at: Mapped[datetime | None]
    """Since when it is in this state; None if nobody ever changed it."""
    state_cause: Mapped[str] = mapped_column(String(12), default="", server_default="")
    """What put it there: bounce, suppressed, released, or the kind of who did (staff, client, import ...)."""
    state_detail: Mapped[str] = mapped_column(String(300), default="", server_default="")
    """The server's answer, or the name of who did."""


class CredentialFact(Base):
    """A credential that identity told of. A table of its own, because no change of it is a change of the party."""

    __tablename__ = "credential_facts"
    __table_args__ = (Index("ix_credential_facts_party_id", "party_id", "ended"),)

    credential_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    party_id: Mapped[uuid.UUID]
    ended: Mapped[bool]
    """Once true it stays: the events of a credential may come in any order."""


class PartyFacts(Base):
    """What others told about a party, as lists are filtered by it: kept from events, and no change of the party."""

    __tablename__ = "party_facts"
    __table_args__ = (
        Index("ix_party_facts_access", "has_credentials", "signed_in_at", "party_id"),
        Index("ix_party_facts_letter_state", "letter_state", "party_id"),
    )

    party_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    has_credentials: Mapped[bool] = mapped_column(default=False)
    """Whether one of its credentials is issued or active."""
    signed_in_at: Mapped[datetime | None]
    """When one of its people last signed in to the client area."""
    letter_state: Mapped[str] = mapped_column(String(12), default="")
    """How the latest letter ended: sent, failed, bounced; "" if none has ended."""
    letter_at: Mapped[datetime | None]


class PartyWord(Base):
    """A word by which a party is found: those of the name without accents and capitals, and phones as `+573001234567`.

    Rows of words, because databases find the beginning of a word by an index, and the middle of a text by reading all.
    """

    __tablename__ = "party_words"
    __table_args__ = (Index("ix_party_words_word", "word", "party_id"),)

    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parties.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(
        # Ordered by code point on both systems, so that the beginnings of a word are one range of the index.
        String(80).with_variant(String(80, collation="C"), "postgresql"),
        primary_key=True,
    )


class PartyChange(Base):
    """One line of the change log of a party: never changed, never removed while the party is there."""

    __tablename__ = "party_changes"
    __table_args__ = (Index("ix_party_changes_party_id", "party_id", "id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parties.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    actor_kind: Mapped[str] = mapped_column(String(12))
    """staff, client (another system), import, or system (what was heard of)."""
    actor_id: Mapped[str] = mapped_column(String(200))
    """Of an import its id."""
    actor_name: Mapped[str] = mapped_column(String(200))
    field: Mapped[str] = mapped_column(String(20))
    """What changed; created, imported, deactivated and reactivated have nothing before and after."""
    subject: Mapped[str] = mapped_column(String(254), default="")
    """Of a changed state of an e-mail address: the address."""
    before: Mapped[str] = mapped_column(Text, default="")
    after: Mapped[str] = mapped_column(Text, default="")


class Counter(Base):
    """A number that only grows, such as the last client code given out."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int]
