"""Acts of the directory and of identity."""

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from services.identity.schemas.acts.wording import SLOTS, Wording

WORDINGS: dict[str, Wording] = {
    "party.created": Wording(_l("Party registered"), _l("%(who)s registered %(whom)s")),
    "party.updated": Wording(
        _l("Party changed"),
        _l("%(who)s changed the data of %(whom)s"),
        own=_l("%(who)s changed their own data"),
    ),
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
}
