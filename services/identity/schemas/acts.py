"""The acts of the audit trail in words: one sentence for each, in the reader's language.

A sentence has slots: `who` acted, `whom` it was about (a party, a member of the staff, another system), `what` it was
done to, and how many (`count`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from shared.audit import ACTS
from shared.web.context import Text

SLOTS = {name: f"%({name})s" for name in ("who", "whom", "what", "count")}


@dataclass(frozen=True)
class Wording:
    """How an act is called in a list of kinds (`label`), and the sentence that tells of one.

    `own`: the sentence where somebody did it to themselves. `many`: where a number is known, for that number.
    """

    label: Text
    sentence: Text
    own: Text = ""
    many: Callable[[int], str] | None = None

    def template(self, count: int | None, own: bool) -> str:
        """The sentence with its slots still open."""
        if own and self.own:
            return str(self.own)
        return self.many(count) if self.many is not None and count is not None else str(self.sentence)


WORDINGS: dict[str, Wording] = {
    "party.created": Wording(_l("Party registered"), _l("%(who)s registered %(whom)s")),
    "party.updated": Wording(_l("Party changed"), _l("%(who)s changed the data of %(whom)s")),
    "party.deactivated": Wording(_l("Party deactivated"), _l("%(who)s deactivated %(whom)s")),
    "party.reactivated": Wording(_l("Party activated again"), _l("%(who)s activated %(whom)s again")),
    "parties.imported": Wording(
        _l("Parties imported"),
        _l("%(who)s imported parties"),
        many=lambda n: ngettext("%(who)s imported %(count)s party", "%(who)s imported %(count)s parties", n, **SLOTS),
    ),
    "parties.exported": Wording(
        _l("Parties exported"),
        _l("%(who)s exported a list of parties"),
        many=lambda n: ngettext(
            "%(who)s exported a list of %(count)s party", "%(who)s exported a list of %(count)s parties", n, **SLOTS
        ),
    ),
    "credential.issued": Wording(_l("Credential issued"), _l("%(who)s issued a credential to %(whom)s")),
    "credential.revoked": Wording(_l("Access revoked"), _l("%(who)s revoked the access of %(whom)s")),
    "link.revoked": Wording(_l("Link revoked"), _l("%(who)s revoked a link of %(whom)s")),
    "batch.started": Wording(
        _l("Batch started"),
        _l("%(who)s started a batch of credentials"),
        many=lambda n: ngettext(
            "%(who)s started a batch of %(count)s credential",
            "%(who)s started a batch of %(count)s credentials",
            n,
            **SLOTS,
        ),
    ),
    "sessions.ended": Wording(
        _l("Sessions ended"),
        _l("%(who)s ended the sessions of %(whom)s"),
        own=_l("%(who)s ended their own other sessions"),
        many=lambda n: ngettext(
            "%(who)s ended %(count)s session of %(whom)s", "%(who)s ended %(count)s sessions of %(whom)s", n, **SLOTS
        ),
    ),
    "second_factor.enabled": Wording(
        _l("Two-step sign-in turned on"),
        _l("%(who)s turned two-step sign-in on for %(whom)s"),
        own=_l("%(who)s turned two-step sign-in on"),
    ),
    "second_factor.removed": Wording(
        _l("Two-step sign-in turned off"),
        _l("%(who)s turned two-step sign-in off for %(whom)s"),
        own=_l("%(who)s turned two-step sign-in off"),
    ),
    "recovery_codes.renewed": Wording(
        _l("Recovery codes renewed"),
        _l("%(who)s made new recovery codes for %(whom)s"),
        own=_l("%(who)s made new recovery codes"),
    ),
    "staff.invited": Wording(_l("Staff invited"), _l("%(who)s let %(whom)s in as a member of the staff")),
    "staff.changed": Wording(_l("Staff changed"), _l("%(who)s changed the staff user of %(whom)s")),
    "staff.suspended": Wording(_l("Staff suspended"), _l("%(who)s suspended the staff user of %(whom)s")),
    "staff.readmitted": Wording(_l("Staff readmitted"), _l("%(who)s let %(whom)s in again")),
    "staff.reset": Wording(
        _l("Staff password reset"),
        _l("%(who)s gave %(whom)s a way to a new password"),
        own=_l("%(who)s asked for a new password"),
    ),
    "staff.signed_in": Wording(_l("Staff signed in"), _l("%(who)s signed in as %(whom)s"), own=_l("%(who)s signed in")),
    "staff.sign_in_refused": Wording(
        _l("Staff sign-in refused"), _l("Somebody tried to sign in as %(whom)s and was refused")
    ),
    "staff.password_changed": Wording(
        _l("Staff password changed"),
        _l("%(who)s changed the password of %(whom)s"),
        own=_l("%(who)s changed their own password"),
    ),
    "client.created": Wording(_l("System registered"), _l("%(who)s registered the system %(whom)s")),
    "client.changed": Wording(_l("System changed"), _l("%(who)s changed what the system %(whom)s may do")),
    "client.secret_rotated": Wording(
        _l("Secret of a system renewed"), _l("%(who)s gave the system %(whom)s a new secret")
    ),
    "client.disabled": Wording(_l("System shut out"), _l("%(who)s shut the system %(whom)s out")),
    "client.enabled": Wording(_l("System let in again"), _l("%(who)s let the system %(whom)s in again")),
    "keys.rotated": Wording(_l("Keys rotated"), _l("%(who)s rotated the keys of the system")),
    "audit.exported": Wording(
        _l("Audit trail exported"),
        _l("%(who)s exported the audit trail"),
        many=lambda n: ngettext(
            "%(who)s exported %(count)s entry of the audit trail",
            "%(who)s exported %(count)s entries of the audit trail",
            n,
            **SLOTS,
        ),
    ),
    "letters.cancelled": Wording(
        _l("Letters cancelled"),
        _l("%(who)s cancelled letters"),
        many=lambda n: ngettext(
            "%(who)s cancelled %(count)s letter", "%(who)s cancelled %(count)s letters", n, **SLOTS
        ),
    ),
    "letters.retried": Wording(
        _l("Letters sent again"),
        _l("%(who)s put letters back into the queue"),
        many=lambda n: ngettext(
            "%(who)s put %(count)s letter back into the queue",
            "%(who)s put %(count)s letters back into the queue",
            n,
            **SLOTS,
        ),
    ),
    "letters.requested": Wording(
        _l("Letters requested"),
        _l("%(who)s asked for letters"),
        many=lambda n: ngettext(
            "%(who)s asked for %(count)s letter", "%(who)s asked for %(count)s letters", n, **SLOTS
        ),
    ),
    "letters.exported": Wording(
        _l("Letters exported"),
        _l("%(who)s exported a list of letters"),
        many=lambda n: ngettext(
            "%(who)s exported a list of %(count)s letter", "%(who)s exported a list of %(count)s letters", n, **SLOTS
        ),
    ),
    "letter.bounced": Wording(_l("Letter marked as returned"), _l("%(who)s marked a letter as returned")),
    "queue.paused": Wording(_l("Sending paused"), _l("%(who)s paused the sending of letters")),
    "queue.resumed": Wording(_l("Sending resumed"), _l("%(who)s resumed the sending of letters")),
    "queue.changed": Wording(_l("Sending changed"), _l("%(who)s changed how letters are sent")),
    "template.changed": Wording(_l("Template changed"), _l("%(who)s changed the text of the letter %(what)s")),
    "template.restored": Wording(_l("Template restored"), _l("%(who)s restored the text of the letter %(what)s")),
    "address.suppressed": Wording(_l("Address blocked"), _l("%(who)s blocked the address %(what)s")),
    "address.released": Wording(_l("Address released"), _l("%(who)s released the address %(what)s")),
    "invoice.issued": Wording(_l("Invoice issued"), _l("%(who)s issued %(what)s for %(whom)s")),
    "invoice.voided": Wording(_l("Invoice voided"), _l("%(who)s voided %(what)s of %(whom)s")),
    "invoice.drafted": Wording(_l("Draft of an invoice saved"), _l("%(who)s saved a draft of an invoice for %(whom)s")),
    "credit_note.issued": Wording(_l("Credit note issued"), _l("%(who)s issued %(what)s for %(whom)s")),
    "invoices.imported": Wording(_l("Invoices imported"), _l("%(who)s imported invoices")),
    "invoices.exported": Wording(_l("Invoices exported"), _l("%(who)s exported invoices")),
    "document.attached": Wording(_l("Document attached to an invoice"), _l("%(who)s attached a document to %(what)s")),
    "document.built": Wording(_l("Fiscal document built"), _l("%(who)s built the fiscal document of %(what)s")),
    "document.removed": Wording(_l("Document taken off an invoice"), _l("%(who)s took a document off %(what)s")),
    "income.published": Wording(_l("Statement of income published"), _l("%(who)s published %(what)s for %(whom)s")),
    "income.voided": Wording(_l("Statement of income voided"), _l("%(who)s voided %(what)s of %(whom)s")),
    "payment.recorded": Wording(_l("Payment recorded"), _l("%(who)s recorded %(what)s of %(whom)s")),
    "payment.reversed": Wording(_l("Payment reversed"), _l("%(who)s reversed %(what)s of %(whom)s")),
    "credit.applied": Wording(_l("Credit used for an invoice"), _l("%(who)s used the credit of %(whom)s for %(what)s")),
    "report.submitted": Wording(_l("Payment reported"), _l("%(who)s reported a payment")),
    "report.accepted": Wording(
        _l("Reported payment accepted"), _l("%(who)s accepted the payment that %(whom)s reported")
    ),
    "report.rejected": Wording(
        _l("Reported payment rejected"), _l("%(who)s rejected the payment that %(whom)s reported")
    ),
    "incident.resolved": Wording(
        _l("Incident with a gateway settled"), _l("%(who)s settled an incident with a payment gateway")
    ),
    "case.opened": Wording(_l("PQRS opened"), _l("%(who)s opened %(what)s")),
    "case.written": Wording(_l("Message in a PQRS"), _l("%(who)s wrote in %(what)s")),
    "case.answered": Wording(_l("PQRS answered"), _l("%(who)s answered %(what)s of %(whom)s")),
    "case.extended": Wording(
        _l("Deadline of a PQRS extended"), _l("%(who)s extended the deadline of %(what)s of %(whom)s")
    ),
    "case.closed": Wording(_l("PQRS closed"), _l("%(who)s closed %(what)s of %(whom)s")),
    "case.reopened": Wording(_l("PQRS reopened"), _l("%(who)s reopened %(what)s of %(whom)s")),
    "profile.changed": Wording(_l("Contact data changed"), _l("%(who)s changed their contact data")),
    "email.requested": Wording(_l("New e-mail address asked for"), _l("%(who)s asked for a new e-mail address")),
    "email.confirmed": Wording(_l("New e-mail address confirmed"), _l("%(who)s confirmed a new e-mail address")),
    "client.viewed": Wording(
        _l("Client area looked at as a client"), _l("%(who)s looked at the client area as %(whom)s")
    ),
    "agency.changed": Wording(_l("Data of the agency changed"), _l("%(who)s changed the data of the agency")),
    "series.changed": Wording(_l("Series of numbers changed"), _l("%(who)s changed the series %(what)s")),
}
"""Act → its words; a test sees to it that none of ACTS lacks them."""

UNKNOWN = Wording(_l("Something else"), _l("%(who)s did something that this version has no words for"))

SERVICES = {
    "directory": _l("Directory"),
    "identity": _l("Access"),
    "mailer": _l("Mail"),
    "portal": _l("Client area"),
}
KINDS = {
    "staff": _l("Staff"),
    "client": _l("Another system"),
    "party": _l("A person of the client area"),
    "system": _l("The system"),
}
COMMAND_LINE = "command line"
LETTERS = {
    "credential": _l("Letter with the password"),
    "credential_link": _l("Letter with a link to set the password"),
    "recovery": _l("Letter for a forgotten password"),
    "staff_invitation": _l("Invitation of the staff"),
    "staff_reset": _l("Letter for a forgotten password of the staff"),
}
"""The kinds of letters; others are just letters."""

DETAILS = {
    "active": _l("Active"),
    "active_from": _l("Active from"),
    "address": _l("Address"),
    "answer": _l("What the mail server said"),
    "addresses": _l("Addresses"),
    "classes": _l("Classes"),
    "class": _l("Class"),
    "code": _l("Code"),
    "created": _l("New"),
    "delay": _l("Seconds before the first attempt"),
    "delivery": _l("Delivery"),
    "document": _l("Document"),
    "email": _l("E-mail"),
    "email_state": _l("State of the e-mail address"),
    "file": _l("File"),
    "filter": _l("Filter"),
    "format": _l("Format"),
    "former": _l("Former secret"),
    "invitation": _l("Invitation"),
    "kind": _l("Kind"),
    "language": _l("Language"),
    "left out": _l("Left out"),
    "mode": _l("Password"),
    "name": _l("Name"),
    "note": _l("Note"),
    "overlap": _l("Days with both secrets"),
    "purpose": _l("Purpose"),
    "q": _l("Search"),
    "redirect_uris": _l("Addresses"),
    "reason": _l("Reason"),
    "role": _l("Role"),
    "scope": _l("Who"),
    "scopes": _l("Rights"),
    "updated": _l("Changed"),
    "user": _l("User"),
    "version": _l("Version"),
    "way": _l("Way"),
}
"""Details that are common; others are shown by their own name."""

VALUES = {
    ("classes", "tenant"): _l("Tenants"),
    ("classes", "owner"): _l("Owners"),
    ("classes", "tenant, owner"): _l("Tenants and owners"),
    ("delivery", "password"): _l("A letter with the password"),
    ("delivery", "link"): _l("A letter with a link on which the client sets the password"),
    ("delivery", "none"): _l("No letter"),
    ("mode", "random"): _l("Generated"),
    ("mode", "manual"): _l("Typed by staff"),
    ("purpose", "sealing"): _l("Sealed letters"),
    ("purpose", "token"): _l("Sign-ins and access of systems"),
    ("reason", "code"): _l("Wrong code in the second step"),
    ("reason", "password"): _l("Wrong password"),
    ("reason", "suspended"): _l("The user is suspended"),
    ("role", "administrator"): _l("Administrator"),
    ("role", "agent"): _l("Agent"),
    ("role", "auditor"): _l("Auditor (reads only)"),
    ("scope", "all"): _l("Everybody"),
    ("scope", "only"): _l("Only the selected ones"),
    ("scope", "except"): _l("Everybody except the selected ones"),
    ("former", "ended"): _l("Ended"),
    ("invitation", "withdrawn"): _l("Withdrawn"),
    ("way", "invitation"): _l("With the link of the invitation"),
    ("way", "reset"): _l("With the link of a letter"),
    ("way", "letter"): _l("By letter"),
    ("way", "shown"): _l("Shown on the screen"),
    ("way", "forgotten"): _l("Asked for at the sign-in"),
}


def wording_of(act: str) -> Wording:
    """The words of an act; those of a newer version are told as such."""
    return WORDINGS.get(act, UNKNOWN)


def choices_of_acts() -> list[tuple[str, str]]:
    """(act, label), in the order of the labels."""
    return sorted(((act, str(wording_of(act).label)) for act in ACTS), key=lambda choice: choice[1].casefold())


def detail_label(name: str) -> str:
    """What a detail is called."""
    return str(DETAILS.get(name, name))


def detail_value(name: str, value: str) -> str:
    """What a detail says."""
    return str(VALUES.get((name, value), value))


def letter_label(kind: str) -> str:
    """What a kind of letter is called."""
    return str(LETTERS.get(kind, _l("Letter")))
