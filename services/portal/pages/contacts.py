"""Contacts: whom a client names, what these get by mail, and whom of them the client lets in."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from services.portal.actions.contacts import (
    AddressTaken,
    ContactData,
    NoMeans,
    OwnAddress,
    TooManyContacts,
    add_contact,
    change_contact,
)
from services.portal.actions.sessions import NotLetIn
from services.portal.actions.sub_accounts import (
    BeyondOwnRights,
    ContactGone,
    Means,
    OwnEntry,
    TooManyInvitations,
)
from services.portal.clients.identity import PasswordRefused, TooManyAttempts
from services.portal.models import Contact
from services.portal.pages.answers import busy, too_many, wait
from services.portal.pages.contact_acts import STEPS, ask, carry_out, means_for, refusal
from services.portal.pages.contact_forms import (
    PersonForm,
    add_error,
    fresh_form,
    needs_invitation,
    own_address,
    own_notices,
    read_form,
)
from services.portal.pages.forms import show_problems
from services.portal.pages.visitor import AREA, Visitor, client_required, portal
from services.portal.queries.contacts import ContactRow, find_row, list_contacts
from services.portal.rules.contacts import LET_IN, MOST_CONTACTS, SEE_AND_PAY
from services.portal.rules.notices import PREFERENCES
from services.portal.rules.rights import PAY_INVOICES, RIGHTS, SEE_INVOICES
from services.portal.schemas.contacts import (
    NOTICE_WORDS,
    RIGHT_WORDS,
    notice_names,
    right_names,
    state_details,
    state_of_contact,
)
from shared import clock
from shared.events.portal import NoticeSecret
from shared.web import CallFailed, ServiceUnavailable, current

contacts = Blueprint("contacts", __name__, url_prefix=f"{AREA}/contacts")

Work = Callable[[Session, Means | None], Contact]


@contacts.get("")
@client_required
def index(visitor: Visitor) -> str:
    """Everybody whom the client named."""
    with current().db.read() as session:
        rows = list_contacts(session, visitor.party.id)
    now = clock.now()
    return render_template(
        "portal/contacts/index.html",
        rows=rows,
        visitor=visitor,
        own_id=_own_id(visitor),
        may_let_in=lambda contact: visitor.rights.issuperset(contact.rights),
        state_of=lambda row: state_of_contact(row, now),
        details_of=lambda row: state_details(row, now),
        right_names=right_names,
        notice_names=notice_names,
    )


@contacts.route("/new", methods=["GET", "POST"])
@client_required
def new(visitor: Visitor) -> Any:
    """Name somebody."""
    if request.method == "GET":
        return _page(fresh_form(None, visitor.party), visitor, None)
    return _save(
        visitor,
        None,
        lambda data: lambda session, means: add_contact(session, visitor.party.id, data, means, _own_id(visitor)),
    )


@contacts.route("/<uuid:contact_id>", methods=["GET", "POST"])
@client_required
def edit(visitor: Visitor, contact_id: uuid.UUID) -> Any:
    """Change what is known of somebody, what they get, and what they may do."""
    row = _row(visitor, contact_id)
    if contact_id == _own_id(visitor):
        flash(refusal(OwnEntry()), "info")
        return redirect(url_for("contacts.index"), 303)
    if request.method == "GET":
        return _page(fresh_form(row.contact, visitor.party), visitor, row)
    return _save(
        visitor,
        row,
        lambda data: (
            lambda session, means: change_contact(session, visitor.party.id, contact_id, data, means, _own_id(visitor))
        ),
    )


@contacts.route(f"/<uuid:contact_id>/<any({', '.join(STEPS)}):step>", methods=["GET", "POST"])
@client_required
def act(visitor: Visitor, contact_id: uuid.UUID, step: str) -> Any:
    """Invite again, take the invitation back, suspend, let in again or remove, after asking."""
    contact, back = _row(visitor, contact_id).contact, url_for("contacts.index")
    own = contact_id == _own_id(visitor)
    if request.method == "POST":
        try:
            text, category = carry_out(step, visitor.party.id, contact, _own_id(visitor))
        except NotLetIn:
            return redirect(back, 303)  # where it is said that the right is gone
        flash(text, category)
        return redirect(url_for("home.show") if own and category == "success" else back, 303)
    if own and step != "remove":
        flash(refusal(OwnEntry()), "info")
        return redirect(back, 303)
    told = gettext("This is yourself: you leave the area of %(name)s at once.", name=visitor.party.name)
    action = url_for("contacts.act", contact_id=contact_id, step=step)
    return ask(step, contact, action, back, "portal/frame.html", *([told] if own else []))


def _save(visitor: Visitor, row: ContactRow | None, working: Callable[[ContactData], Work]) -> Any:
    """Read the form and save all of it, or nothing."""
    form, contact = PersonForm(), row.contact if row else None
    data = read_form(form, contact, visitor)
    if data is None:
        return _page(form, visitor, row), 422
    work = working(data)
    try:
        means = _means(form, data, contact, work)
        with current().db.write() as session:
            work(session, means)
    except (OwnAddress, AddressTaken, BeyondOwnRights, TooManyContacts, TooManyInvitations, PasswordRefused) as error:
        _show_refusal(form, visitor, error)
        return _page(form, visitor, row), 422
    except TooManyAttempts as error:
        return wait(_page(form, visitor, row, too_many(error.seconds)), error.seconds)
    except NoMeans:
        told = gettext("Somebody changed this contact meanwhile. Look at what you wrote and save again.")
        return _page(form, visitor, row, told), 409
    except (ContactGone, NotLetIn):
        return redirect(url_for("contacts.index"), 303)
    except (ServiceUnavailable, CallFailed):
        told = gettext("We cannot invite anybody at the moment, so nothing was saved. Try again in a minute.")
        return busy(_page(form, visitor, row, told))
    flash(_saved(form, data, means), "success")
    return redirect(url_for("contacts.index"), 303)


def _means(form: PersonForm, data: ContactData, contact: Contact | None, work: Work) -> Means | None:
    """What letting the person in needs from others, None where nobody is invited.

    A first password that was typed counts at identity from here on: so it is looked at before whether all else is
    right. Should what follows fail all the same, saving again finds that the address has access, and a link goes there.
    """
    if not needs_invitation(data, contact):
        return None
    with current().db.write() as session:
        work(session, Means("rehearsal", NoticeSecret(ciphertext="", sealing_key=""), current().settings.timezone))
        session.rollback()
    means = means_for(data.address)
    if not form.password.data:
        return means
    made = portal().identity.create_guest(data.address, data.name, data.language, form.password.data, initial=True)
    return replace(means, person_id=made.subject) if made.created else means


def _saved(form: PersonForm, data: ContactData, means: Means | None) -> str:
    named = {"name": data.name, "address": data.address}
    if means is None:
        return gettext("Your changes to %(name)s are saved.", **named)
    if not form.password.data:
        return gettext("%(name)s is saved. We sent an invitation to %(address)s.", **named)
    return gettext(
        "%(name)s is saved. We wrote to %(address)s. Tell the person the password that you typed; who has a password "
        "here already keeps that one.",
        **named,
    )


def _show_refusal(form: PersonForm, visitor: Visitor, error: Exception) -> None:
    form.form_errors = []
    match error:
        case OwnAddress():
            add_error(form, "address", own_address(visitor.party))
        case AddressTaken():
            add_error(form, "address", gettext("Another contact has this e-mail already."))
        case BeyondOwnRights(field=field):
            add_error(form, "notices" if field == "instead" else field, refusal(error))
        case TooManyContacts():
            text = gettext("There are %(most)s contacts already; remove one of them first.", most=MOST_CONTACTS)
            add_error(form, "name", text)
        case TooManyInvitations():
            add_error(form, "sub_account", refusal(error))
        case PasswordRefused(problems=problems):
            show_problems(form, problems, "password")


def _row(visitor: Visitor, contact_id: uuid.UUID) -> ContactRow:
    with current().db.read() as session:
        return find_row(session, visitor.party.id, contact_id) or abort(404)


def _own_id(visitor: Visitor) -> uuid.UUID | None:
    return visitor.contact.id if visitor.contact else None


def _page(form: PersonForm, visitor: Visitor, row: ContactRow | None, problem: str = "") -> str:
    kept = set(row.contact.instead) if row else set()
    return render_template(
        "portal/contacts/edit.html",
        form=form,
        row=row,
        visitor=visitor,
        problem=problem,
        rights=[(one, RIGHT_WORDS[one], one in visitor.rights) for one in RIGHTS],
        see_and_pay=SEE_AND_PAY,
        may_give_both={SEE_INVOICES, PAY_INVOICES} <= visitor.rights,
        notices=[
            (one, NOTICE_WORDS[one], one in own_notices(visitor), visitor.is_holder or one in kept)
            for one in PREFERENCES
        ],
        is_in=row is not None and row.contact.state in LET_IN,
        state=state_of_contact(row, clock.now()) if row else None,
        details=state_details(row, clock.now()) if row else "",
        stopped=notice_names(row.contact.stopped) if row else [],
    )
