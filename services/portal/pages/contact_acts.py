"""What is done with a contact after asking: by the client, by who manages contacts for them, and by the staff."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import render_template
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from services.portal.actions.sub_accounts import (
    BeyondOwnRights,
    ContactGone,
    Means,
    OwnEntry,
    TooManyInvitations,
    WrongState,
    invite_again,
    remove_contact,
    resume_contact,
    suspend_contact,
    take_invitation_back,
)
from services.portal.models import Contact
from services.portal.pages.answers import unavailable
from services.portal.pages.sealing import sealed_token
from services.portal.rules.contacts import ACTIVE, INVITED, SUSPENDED
from shared.web import CallFailed, ServiceUnavailable, current
from shared.web.context import Text

GOES_ON = _l("Letters go on as before; to stop them, change the contact.")
AT_ONCE = _l("Whoever is signed in with it is signed out at once.")


@dataclass(frozen=True)
class Step:
    """What can be done, and how it is asked and told. `state`: only then; "" in every state."""

    title: Text
    message: Text
    accept: Text
    done: Text
    state: str = ""
    details: tuple[Text, ...] = ()
    kind: str = "primary"
    needs_means: Callable[[Contact], bool] = field(default=lambda _contact: False)


STEPS = {
    "resend": Step(
        _l("Send the invitation again"),
        _l("%(name)s gets a fresh link at %(address)s."),
        _l("Send it again"),
        _l("We wrote to %(address)s."),
        INVITED,
        (_l("The link works for 7 days."), _l("The former link works no longer.")),
        needs_means=lambda _contact: True,
    ),
    "revoke": Step(
        _l("Revoke the invitation"),
        _l("%(name)s cannot get in with the invitation any more."),
        _l("Revoke the invitation"),
        _l("The invitation of %(name)s works no longer."),
        INVITED,
        (_l("If its letter waits still, it is not sent."), GOES_ON),
        "danger",
    ),
    "suspend": Step(
        _l("Suspend the sub-account"),
        _l("%(name)s cannot sign in until somebody lets them in again."),
        _l("Suspend"),
        _l("%(name)s cannot sign in any more."),
        ACTIVE,
        (AT_ONCE, GOES_ON),
        "danger",
    ),
    "resume": Step(
        _l("Let in again"),
        _l("%(name)s can sign in again, with the rights from before."),
        _l("Let in again"),
        _l("%(name)s is let in again."),
        SUSPENDED,
        needs_means=lambda contact: contact.person_id is None,
    ),
    "remove": Step(
        _l("Remove the contact"),
        _l("%(name)s gets no more letters and cannot sign in any more."),
        _l("Remove"),
        _l("%(name)s was removed."),
        details=(AT_ONCE, _l("Letters that wait still are not sent."), _l("You can add the same address again later.")),
        kind="danger",
    ),
}
"""The name in the address → what it is."""


def ask(step: str, contact: Contact, action: str, cancel: str, layout: str, *warnings: str) -> str:
    """The page that says what will happen; `warnings` come first."""
    meant, named = _meant(step, contact), {"name": contact.name, "address": contact.address}
    return render_template(
        "confirm.html",
        layout=layout,
        title=meant.title,
        message=str(meant.message) % named,
        details=[*warnings, *meant.details],
        action=action,
        accept=meant.accept,
        cancel=cancel,
        kind=meant.kind,
    )


def carry_out(step: str, party_id: uuid.UUID, contact: Contact, by: uuid.UUID | None) -> tuple[str, str]:
    """Do it; returns what to tell, and whether that is a success, an info or a warning. Raises NotLetIn."""
    meant, named = _meant(step, contact), {"name": contact.name, "address": contact.address}
    try:
        means = means_for(contact.address) if meant.needs_means(contact) else None
        with current().db.write() as session:
            _do(session, step, party_id, contact.id, means, by)
    except (ServiceUnavailable, CallFailed):
        return unavailable(), "warning"
    except (WrongState, ContactGone):
        return gettext("Nothing was done: somebody changed this contact a moment ago."), "info"
    except (BeyondOwnRights, OwnEntry, TooManyInvitations) as error:
        return refusal(error), "warning"
    return str(meant.done) % named, "success"


def _meant(step: str, contact: Contact) -> Step:
    """Who was given another address while suspended is let in again by an invitation."""
    meant = STEPS[step]
    return STEPS["resend"] if step == "resume" and meant.needs_means(contact) else meant


def _do(
    session: Session, step: str, party_id: uuid.UUID, contact_id: uuid.UUID, means: Means | None, by: uuid.UUID | None
) -> None:
    plain: dict[str, Callable[..., Any]] = {
        "revoke": take_invitation_back,
        "suspend": suspend_contact,
        "remove": remove_contact,
    }
    if step in plain:
        plain[step](session, party_id, contact_id, by)
    elif step == "resume":
        resume_contact(session, party_id, contact_id, means, by)
    elif means:
        invite_again(session, party_id, contact_id, means, by)


def means_for(address: str) -> Means:
    """What is needed to invite somebody at an address. Raises ServiceUnavailable, CallFailed."""
    token, secret = sealed_token(address)
    return Means(token, secret, current().settings.timezone)


def refusal(error: Exception) -> str:
    """Why something with a contact is refused, in the reader's language."""
    if isinstance(error, TooManyInvitations):
        return gettext("So many people were invited today that it has to wait until tomorrow.")
    if isinstance(error, OwnEntry):
        return gettext("This is yourself. Ask the client to change what you may do.")
    return gettext("This person has rights or letters that you do not have: only the client can do this.")
