"""The client's guide (*Descargar guía de usuario*)."""

import io
from datetime import datetime

from flask import Blueprint, Response

from services.portal.clients.guides import NAMES, GuideShelf, plain_guide
from services.portal.pages.visitor import AREA, Visitor, client_required
from services.portal.rules.files import PDF
from shared.i18n import language
from shared.web import current
from shared.web.exports import file_response

guide = Blueprint("guide", __name__, url_prefix=f"{AREA}/guide")


@guide.get("")
@client_required
def download(_visitor: Visitor) -> Response:
    """The guide in the reader's language; where nobody has taken its pictures yet, the same steps without them."""
    settings, wanted = current().settings, language()
    content = GuideShelf(settings.data).find(wanted) or plain_guide(wanted, settings.public_url)
    return file_response(NAMES[wanted], io.BytesIO(content), PDF)


@guide.app_template_global("guide_made_at")
def made_at() -> datetime | None:
    """When the guide with pictures was made, None where nobody made one: the office reads it."""
    return GuideShelf(current().settings.data).made_at()
