"""The key of a party: a generated one after a confirmation, or a typed one.

A password is only ever taken from a request that brings the signed marker of the very page that showed its field, and
that page is shown only to whoever asked for it. So a browser that fills in fields by itself, a saved form or a normal
save cannot issue or send anything. The marker is also the idempotency key towards identity: it issues once.
"""

import uuid
from dataclasses import dataclass

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from services.directory.actions.parties import PartyNotFound
from services.directory.clients import CallFailed, Credentials, Issued, ServiceUnavailable
from services.directory.models import Party
from services.directory.pages.forms import letter_note
from services.directory.queries.parties import find_party
from shared.web import current, current_staff, staff_required

Answer = str | Response | tuple[str, int]
FIELD = "client_area_key"
MARKER = "key_marker"
VALID_SECONDS = 3600
DELIVERIES = {
    "password": lazy_gettext("User and password"),
    "link": lazy_gettext("A link on which the client sets the password"),
}

access_pages = Blueprint("access_pages", __name__, url_prefix="/parties")


@dataclass(frozen=True)
class Typed:
    """A password that somebody typed on purpose, with the key under which it is issued once; or why it is refused."""

    password: str = ""
    key: str = ""
    refusal: str = ""


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current().keyring.derive("key-marker"))


def new_marker(party_id: uuid.UUID) -> str:
    """A marker for one page: it is good for this party, this person, one use, and an hour."""
    staff = current_staff()
    return str(_signer().dumps([str(party_id), staff.id if staff else "", uuid.uuid4().hex]))


def _key_of(marker: str, party_id: uuid.UUID) -> str | None:
    """The idempotency key in a marker, None if the marker is not good here."""
    staff = current_staff()
    try:
        party, person, key = _signer().loads(marker, max_age=VALID_SECONDS)
    except (BadSignature, ValueError, TypeError):
        return None
    return str(key) if staff and (party, person) == (str(party_id), staff.id) else None


def typed_password(party_id: uuid.UUID) -> Typed | None:
    """The password in the present request. None unless its field was asked for (the marker is there) and filled in."""
    marker, password = request.form.get(MARKER, ""), request.form.get(FIELD, "")
    if not marker or not password:
        return None
    key = _key_of(marker, party_id)
    if key is None:
        return Typed(refusal=gettext("This page was open for too long. Nothing was saved or sent; type it once more."))
    return Typed(password, key)


def issue_typed(before: Party, party: Party, typed: Typed) -> Answer:
    """Issue a typed password after the fields were saved."""
    if _reach(before) != _reach(party):
        # What the page had promised (whether a letter goes, and where) is no longer so: ask again, with the new truth.
        flash(gettext("Saved. The password was not issued, because what you changed decides where its letter goes. "
                      "Look at the address below and type the password again."), "warning")  # fmt: skip
        return redirect(url_for("pages.edit", party_id=party.id, clave="escribir") + "#key", 303)
    try:
        sendable, _ = letter_note(party)
        delivery = "password" if sendable else "none"
        issued = _credentials().issue(party.id, password=typed.password, delivery=delivery, key=typed.key)
    except (CallFailed, ServiceUnavailable) as error:
        flash(gettext("The other data was saved. The password was not issued: %(why)s", why=_reason(error)), "danger")
        return redirect(url_for("pages.edit", party_id=party.id, clave="escribir") + "#key", 303)
    flash(_outcome(issued), "success")
    return redirect(url_for("pages.show", party_id=party.id), 303)


@access_pages.get("/<uuid:party_id>/key")
@staff_required("agent")
def confirm(party_id: uuid.UUID) -> Answer:
    """Ask before a password is generated, and say what will happen."""
    party = _party(party_id)
    sendable, note = letter_note(party)
    details = [note]
    if sendable:
        details.append(gettext("The former password works until the letter is delivered or the new one is used."))
    elif party.active:
        details.append(gettext("The password will be shown here once, so that you can hand it over yourself."))
    return render_template(
        "directory/generate.html",
        title=gettext("Generate random password"),
        message=gettext("Generate a new password for %(name)s (%(document)s)?", name=party.name,
                        document=f"{party.document_type} {party.document_number}"),
        details=details,
        possible=party.active,
        sendable=sendable,
        deliveries=DELIVERIES,
        action=url_for("access_pages.generate", party_id=party_id),
        accept=gettext("Accept"),
        cancel=url_for("pages.edit", party_id=party_id) + "#key",
        fields={MARKER: new_marker(party_id), "address": _reach(party)},
        symbol="key",
    )  # fmt: skip


@access_pages.post("/<uuid:party_id>/key")
@staff_required("agent")
def generate(party_id: uuid.UUID) -> Answer:
    """Generate a password and have it sent, or show it once if no letter can go."""
    party = _party(party_id)
    key = _key_of(request.form.get(MARKER, ""), party_id)
    if key is None or request.form.get("address", "") != _reach(party):
        flash(gettext("Something changed since this page was shown. Nothing was issued; look and confirm again."),
              "warning")  # fmt: skip
        return redirect(url_for("access_pages.confirm", party_id=party_id), 303)
    sendable, _ = letter_note(party)
    wanted = request.form.get("delivery", "password")
    delivery = (wanted if wanted in DELIVERIES else "password") if sendable else "none"
    try:
        issued = _credentials().issue(party_id, password=None, delivery=delivery, key=key)
    except (CallFailed, ServiceUnavailable) as error:
        flash(gettext("No password was issued: %(why)s", why=_reason(error)), "danger")
        return redirect(url_for("pages.edit", party_id=party_id) + "#key", 303)
    if issued.password:
        return render_template("directory/generated.html", party=party, password=issued.password)
    flash(_outcome(issued, delivery), "success")
    return redirect(url_for("pages.show", party_id=party_id), 303)


def _reach(party: Party) -> str:
    """Where a letter to this party goes: to be compared, so that what was announced is what happens."""
    sendable, _ = letter_note(party)
    return party.principal.address if sendable and party.principal else ""


def _outcome(issued: Issued, delivery: str = "password") -> str:
    if issued.letter and delivery == "link":
        return gettext("The link was issued. Its letter waits to go to %(address)s and can still be stopped.",
                       address=issued.address)  # fmt: skip
    if issued.letter:
        return gettext("The password was issued. Its letter waits to go to %(address)s and can still be stopped.",
                       address=issued.address)  # fmt: skip
    return gettext("The password was issued. No letter goes out: hand it over yourself.")


def _reason(error: CallFailed | ServiceUnavailable) -> str:
    if isinstance(error, ServiceUnavailable):
        return gettext("the access service does not answer at the moment. Try again shortly.")
    entries = error.problem.get("errors") or []
    texts = [str(entry.get("message", "")) for entry in entries if isinstance(entry, dict)]
    return " ".join(filter(None, texts)) or str(error.problem.get("detail") or error.status)


def _credentials() -> Credentials:
    client: Credentials = current_app.extensions["directory.credentials"]
    return client


def _party(party_id: uuid.UUID) -> Party:
    with current().db.read() as session:
        party = find_party(session, party_id)
        if party is None:
            raise PartyNotFound
        return party
