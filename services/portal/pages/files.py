"""Handing out stored files. Whoever calls this has seen that the reader may have it."""

from flask import Response

from services.portal.models import StoredFile
from services.portal.pages.visitor import portal
from services.portal.schemas.files import send_stored


def send_file_safely(stored: StoredFile) -> Response:
    """A stored file as a download. Raises FileMissing."""
    return send_stored(portal().files, stored)
