"""REST of addresses to which nothing is sent, and of returned messages."""

from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from services.mailer.actions.bouncing import StillSending, take_returned
from services.mailer.actions.suppressing import release_address, suppress_address
from services.mailer.api.caller import caller
from services.mailer.models import ReturnedMessage, Suppression
from services.mailer.queries.returned import find_suppression, list_suppressions
from services.mailer.rules.addresses import AddressRefused, address_key, envelope_address
from services.mailer.rules.returned import LARGEST
from services.mailer.schemas.returned import (
    ReleasedOut,
    ReleaseIn,
    ReturnedOut,
    SuppressionIn,
    SuppressionOut,
    SuppressionPage,
    SuppressionQuery,
)
from shared.web import Problem, answer_page, current, idempotent, require_scope

suppressions = Blueprint(
    "suppressions_api", __name__, url_prefix="/suppressions", description="Addresses to which nothing is sent"
)
bounces = Blueprint("bounces_api", __name__, url_prefix="/bounces", description="Returned messages")
MESSAGE = {
    "required": True,
    "content": {
        "message/rfc822": {"schema": {"type": "string", "format": "binary"}},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "format": "binary"}},
            }
        },
    },
}


@suppressions.get("")
@require_scope("letters:read")
@suppressions.arguments(SuppressionQuery, location="query")
@suppressions.response(200, SuppressionPage)
def index(query: dict[str, Any]) -> Any:
    """The addresses, the newest first."""
    with current().db.read() as session:
        page = list_suppressions(
            session, text=query["q"], reason=query["reason"], cursor=query["cursor"], limit=query["limit"]
        )
        return answer_page(page)


@suppressions.post("")
@require_scope("addresses:write")
@idempotent
@suppressions.arguments(SuppressionIn)
@suppressions.response(201, SuppressionOut)
@suppressions.alt_response(409, description="It is on the list already")
def add(session: Session, body: dict[str, Any]) -> Suppression | None:
    """Send nothing to this address any more; what waits for it fails when its turn comes."""
    try:
        envelope_address(body["address"])
    except AddressRefused:
        text = _("Write an e-mail address.")
        raise Problem(422, text, errors=[{"field": "address", "message": text}]) from None
    if not suppress_address(session, body["address"], caller(), body["note"].strip()):
        raise Problem(409, _("This address is on the list already."))
    return find_suppression(session, body["address"])


@suppressions.post("/release")
@require_scope("addresses:write")
@idempotent
@suppressions.arguments(ReleaseIn)
@suppressions.response(200, ReleasedOut)
@suppressions.alt_response(404, description="It is not on the list")
def release(session: Session, body: dict[str, Any]) -> dict[str, str]:
    """Take an address off the list: letters may go to it again."""
    if not release_address(session, body["address"]):
        raise Problem(404, _("This address is not on the list."))
    return {"address": address_key(body["address"])}


@bounces.post("")
@require_scope("bounces:write")
@bounces.doc(requestBody=MESSAGE)
@idempotent
@bounces.response(200, ReturnedOut)
@bounces.alt_response(409, description="The letter is just being sent: ask again in a minute")
@bounces.alt_response(413, description="The message is larger than 1 MiB")
@bounces.alt_response(415, description="It is neither message/rfc822 nor a multipart form with a file")
@bounces.alt_response(422, description="There is no message in it")
def take(session: Session) -> ReturnedMessage:
    """Hand in a message that came back (a delivery status notification, RFC 3464): what follows from it is done."""
    try:
        return take_returned(session, _content(), "api", caller())
    except StillSending:
        raise Problem(409, _("This letter is just being sent. Try it again in a minute.")) from None


def _content() -> bytes:
    if request.mimetype == "multipart/form-data":
        file = request.files.get("file")
        if file is None:
            text = _("The file is missing.")
            raise Problem(422, text, errors=[{"field": "file", "message": text}])
        content = file.stream.read(LARGEST + 1)
    elif request.mimetype in ("message/rfc822", "message/global"):
        content = request.get_data(cache=False)
    else:
        raise Problem(415, _("Send the message as message/rfc822, or as a file in a multipart form."))
    if not content:
        raise Problem(422, _("There is no message in it."))
    if len(content) > LARGEST:
        raise Problem(413, _("The message is too large: at most 1 MiB."))
    return content
