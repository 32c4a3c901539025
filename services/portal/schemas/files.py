"""Stored files over HTTP: how they are handed out, and in words why one was not taken."""

from flask import Response, send_file
from flask_babel import gettext

from services.portal.clients.files import FileStore
from services.portal.models import StoredFile
from services.portal.rules.files import FileTooLarge, UnusableFile
from shared.web.security import set_policy


def send_stored(store: FileStore, stored: StoredFile) -> Response:
    """The file as a download that no browser shows or runs as part of this site. Raises FileMissing."""
    response = send_file(
        store.open(stored.id),
        mimetype=stored.content_type,
        as_attachment=True,
        download_name=stored.name,
        conditional=False,
        etag=False,
    )
    response.content_length = stored.size
    response.headers["Cache-Control"] = "no-store"
    set_policy(sandbox="", script_src=None, style_src=None, img_src=None, font_src=None, connect_src=None)
    return response


def file_text(error: UnusableFile) -> str:
    """Why a file was not taken, and what to do."""
    texts = {
        "empty": gettext("The file is empty."),
        "type": gettext("We cannot tell what this file is. Send it as PDF, JPEG, PNG or WebP."),
        "not_wanted": gettext("A file of this kind is not taken here."),
        "heic": gettext("The photo is in the HEIC format. Send it as JPEG, or send a screenshot of it."),
        "svg": gettext("SVG drawings are not taken, they may contain programs. Send a picture in PNG or JPEG."),
        "html": gettext("This is a web page, whatever its name says. Save it as PDF and send that."),
        "pdf_begin": gettext("Something stands before the beginning of this PDF. Save it anew as PDF and send that."),
        "pdf_end": gettext("This PDF is incomplete, or something stands after its end. Save it anew and send that."),
        "zip": gettext("This PDF is a ZIP archive at the same time. Save it anew as PDF and send that."),
        "damaged": gettext("The picture is damaged and cannot be opened."),
        "pixels": gettext("The picture is too large (more than 50 million pixels). Send a smaller one."),
    }
    return texts[error.reason]


def too_large_text(error: FileTooLarge) -> str:
    """How large a file may be."""
    return gettext("The file is larger than %(megabytes)s MB. Send a smaller one.", megabytes=error.limit // 1024**2)
