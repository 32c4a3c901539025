"""Counters of failed attempts; in the database, so that a restart forgives nothing."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from services.identity.models.base import Base


class ThrottleCounter(Base):
    """How often `key` (a digest: no login or address in clear) was counted in the window that ends at `expires_at`."""

    __tablename__ = "throttle_counters"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    count: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)
