"""Tables of the portal."""

from services.portal.models.base import Base
from services.portal.models.parties import Party
from services.portal.models.sessions import ClientSession, EndedCredential

__all__ = ["Base", "ClientSession", "EndedCredential", "Party"]
