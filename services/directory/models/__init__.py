"""Tables of the directory."""

from services.directory.models.base import Base
from services.directory.models.imports import Import, ImportChunk, ImportRow
from services.directory.models.parties import (
    Counter,
    CredentialFact,
    Party,
    PartyChange,
    PartyEmail,
    PartyFacts,
    PartyWord,
)

__all__ = [
    "Base",
    "Counter",
    "CredentialFact",
    "Import",
    "ImportChunk",
    "ImportRow",
    "Party",
    "PartyChange",
    "PartyEmail",
    "PartyFacts",
    "PartyWord",
]
