"""Files of the client area that go with letters."""

from services.mailer.rules.attachments import HOME
from shared.web.services_http import CallFailed, ServiceClient, ServiceUnavailable

TIMEOUT = (1.0, 10.0)
"""To make a paper takes the portal a moment."""
ATTEMPTS = 2
GONE = (404, 410)


class FileGone(Exception):
    """The portal does not have this file any more."""


class FileTooLarge(Exception):
    """The file is larger than what may go with a letter."""


class PortalUnavailable(Exception):
    """The portal gave no file, and may give it later; the text says why. `answered`: it is there all the same."""

    def __init__(self, why: str, *, answered: bool) -> None:
        super().__init__(why)
        self.answered = answered


class PortalFiles:
    """Fetches files from the portal. Threads may share it."""

    def __init__(self, calls: ServiceClient) -> None:
        self._calls = calls

    def fetch(self, path: str, language: str, most: int) -> bytes:
        """The file at a path of the portal's REST interface; raises FileGone, FileTooLarge, PortalUnavailable."""
        try:
            content = self._calls.get_file("portal", path.removeprefix(HOME), most=most, language=language)
        except CallFailed as error:
            if error.service == "portal" and error.status in GONE:
                raise FileGone from error
            raise PortalUnavailable(f"{error.service} answered {error.status}", answered=True) from error
        except ServiceUnavailable as error:
            raise PortalUnavailable(str(error), answered=False) from error
        if content is None:
            raise FileTooLarge
        return content
