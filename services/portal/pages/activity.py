"""Who did what in a client's area: identity's audit trail, as far as it is about this client."""

from flask import Blueprint, render_template, request
from flask_babel import gettext

from services.portal.clients.identity import ActPage
from services.portal.pages.answers import busy
from services.portal.pages.visitor import AREA, Visitor, client_required, portal
from shared.i18n import language
from shared.web import CallFailed, Problem, ServiceUnavailable

REFUSED_CURSOR = (400, 422)

activity = Blueprint("activity", __name__, url_prefix=f"{AREA}/activity")


@activity.get("")
@client_required
def index(visitor: Visitor) -> object:
    """What was done for this client or in their area, the newest first."""
    try:
        page = portal().identity.list_acts(visitor.party.id, request.args.get("cursor"), language())
    except ServiceUnavailable:
        return busy(_page(visitor, None))
    except CallFailed as error:
        if error.status in REFUSED_CURSOR:
            raise Problem(400, gettext("There is no such page of the list.")) from error
        return busy(_page(visitor, None))
    return _page(visitor, page)


def _page(visitor: Visitor, page: ActPage | None) -> str:
    return render_template("portal/contacts/activity.html", page=page, visitor=visitor)
