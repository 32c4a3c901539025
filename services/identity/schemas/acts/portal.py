"""Acts of the portal."""

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from services.identity.schemas.acts.wording import SLOTS, Wording

WORDINGS: dict[str, Wording] = {
    "invoice.issued": Wording(_l("Invoice issued"), _l("%(who)s issued %(what)s for %(whom)s")),
    "invoice.voided": Wording(_l("Invoice voided"), _l("%(who)s voided %(what)s of %(whom)s")),
    "invoice.drafted": Wording(_l("Draft of an invoice saved"), _l("%(who)s saved a draft of an invoice for %(whom)s")),
    "credit_note.issued": Wording(_l("Credit note issued"), _l("%(who)s issued %(what)s for %(whom)s")),
    "invoices.imported": Wording(
        _l("Invoices imported"),
        _l("%(who)s imported invoices"),
        many=lambda n: ngettext(
            "%(who)s imported %(count)s invoice", "%(who)s imported %(count)s invoices", n, **SLOTS
        ),
    ),
    "invoices.exported": Wording(
        _l("Invoices exported"),
        _l("%(who)s exported a list of invoices"),
        many=lambda n: ngettext(
            "%(who)s exported a list of %(count)s invoice", "%(who)s exported a list of %(count)s invoices", n, **SLOTS
        ),
    ),
    "document.attached": Wording(_l("Document attached to an invoice"), _l("%(who)s attached a document to %(what)s")),
    "document.built": Wording(_l("Fiscal document built"), _l("%(who)s built the fiscal document of %(what)s")),
    "document.removed": Wording(_l("Document taken off an invoice"), _l("%(who)s took a document off %(what)s")),
    "income.published": Wording(_l("Statement of income published"), _l("%(who)s published %(what)s for %(whom)s")),
    "income.voided": Wording(_l("Statement of income voided"), _l("%(who)s voided %(what)s of %(whom)s")),
    "income.paid_out": Wording(_l("Income paid out"), _l("%(who)s noted that %(what)s was paid out to %(whom)s")),
    "payment.recorded": Wording(_l("Payment recorded"), _l("%(who)s recorded %(what)s of %(whom)s")),
    "payments.exported": Wording(_l("Payments exported"), _l("%(who)s exported payments")),
    "payment.reversed": Wording(_l("Payment reversed"), _l("%(who)s reversed %(what)s of %(whom)s")),
    "credit.applied": Wording(_l("Credit used for an invoice"), _l("%(who)s used the credit of %(whom)s for %(what)s")),
    "report.submitted": Wording(
        _l("Payment reported"), _l("%(who)s reported a payment of %(whom)s"), own=_l("%(who)s reported a payment")
    ),
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
    "cases.exported": Wording(_l("PQRS exported"), _l("%(who)s exported PQRS")),
    "profile.changed": Wording(
        _l("Contact data changed"),
        _l("%(who)s changed the contact data of %(whom)s"),
        own=_l("%(who)s changed their contact data"),
    ),
    "email.requested": Wording(_l("New e-mail address asked for"), _l("%(who)s asked for a new e-mail address")),
    "email.confirmed": Wording(_l("New e-mail address confirmed"), _l("%(who)s confirmed a new e-mail address")),
    "client.viewed": Wording(
        _l("Client area looked at as a client"), _l("%(who)s looked at the client area as %(whom)s")
    ),
    "agency.changed": Wording(_l("Data of the agency changed"), _l("%(who)s changed the data of the agency")),
    "series.changed": Wording(_l("Series of numbers changed"), _l("%(who)s changed the series %(what)s")),
    "contact.added": Wording(
        _l("Contact added"),
        _l("%(who)s added %(what)s to the contacts of %(whom)s"),
        own=_l("%(who)s added %(what)s to their contacts"),
    ),
    "contact.changed": Wording(
        _l("Contact changed"),
        _l("%(who)s changed the contact %(what)s of %(whom)s"),
        own=_l("%(who)s changed the contact %(what)s"),
    ),
    "contact.removed": Wording(
        _l("Contact removed"),
        _l("%(who)s removed %(what)s from the contacts of %(whom)s"),
        own=_l("%(who)s removed %(what)s from their contacts"),
    ),
    "sub_account.invited": Wording(
        _l("Person invited to the client area"),
        _l("%(who)s invited %(what)s to the area of %(whom)s"),
        own=_l("%(who)s invited %(what)s to their area"),
    ),
    "sub_account.accepted": Wording(
        _l("Invitation to the client area accepted"), _l("%(who)s accepted the invitation of %(whom)s")
    ),
    "sub_account.suspended": Wording(
        _l("Sub-account suspended"),
        _l("%(who)s suspended the access of %(what)s to the area of %(whom)s"),
        own=_l("%(who)s suspended the access of %(what)s to their area"),
    ),
    "sub_account.resumed": Wording(
        _l("Sub-account let in again"),
        _l("%(who)s let %(what)s into the area of %(whom)s again"),
        own=_l("%(who)s let %(what)s into their area again"),
    ),
    "sub_account.switched_off": Wording(
        _l("Sub-account switched off"),
        _l("%(who)s switched off the sub-account of %(what)s for the area of %(whom)s"),
        own=_l("%(who)s switched off the sub-account of %(what)s"),
    ),
    "invitation.revoked": Wording(
        _l("Invitation revoked"),
        _l("%(who)s revoked the invitation of %(what)s to the area of %(whom)s"),
        own=_l("%(who)s revoked the invitation of %(what)s"),
    ),
    "notices.chosen": Wording(
        _l("Choice of letters changed"),
        _l("%(who)s changed which letters are sent for %(whom)s"),
        own=_l("%(who)s changed which letters they get"),
    ),
    "notices.stopped": Wording(
        _l("Letters stopped by their reader"), _l("Somebody who gets letters of %(whom)s stopped some of them")
    ),
    "payment.started": Wording(
        _l("Online payment started"),
        _l("%(who)s started an online payment of %(whom)s"),
        own=_l("%(who)s started an online payment"),
    ),
    "reminders.changed": Wording(_l("Rules for reminders changed"), _l("%(who)s changed the rules for reminders")),
    "reminders.repeated": Wording(
        _l("Reminders of the day repeated"), _l("%(who)s had the reminders of the day repeated")
    ),
    "fees.changed": Wording(_l("Rule for late fees set"), _l("%(who)s set a rule for late fees")),
    "fees.switched_off": Wording(
        _l("Rule for late fees switched off"), _l("%(who)s switched a rule for late fees off")
    ),
    "fee.waived": Wording(_l("Late fee waived"), _l("%(who)s waived a late fee of %(whom)s")),
    "invoice.disputed": Wording(_l("Invoice in dispute"), _l("%(who)s marked %(what)s of %(whom)s as in dispute")),
    "invoice.undisputed": Wording(
        _l("Dispute about an invoice settled"), _l("%(who)s settled the dispute about %(what)s of %(whom)s")
    ),
}
