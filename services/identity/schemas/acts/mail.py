"""Acts of the mailer."""

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from services.identity.schemas.acts.wording import SLOTS, Wording

WORDINGS: dict[str, Wording] = {
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
}
