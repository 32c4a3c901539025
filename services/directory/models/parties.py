"""Parties, their e-mail addresses, and what is known of their credentials."""

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


class CredentialFact(Base):
    """A credential that identity told of. A table of its own, because no change of it is a change of the party."""

    __tablename__ = "credential_facts"
    __table_args__ = (Index("ix_credential_facts_party_id", "party_id", "ended"),)

    credential_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    party_id: Mapped[uuid.UUID]
    ended: Mapped[bool]
    """Once true it stays: the events of a credential may come in any order."""


class Counter(Base):
    """A number that only grows, such as the last client code given out."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int]
