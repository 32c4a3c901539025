"""Which failed letters may be sent again as they are.

The secret of a letter was destroyed when it ended, and identity has ended the credential of one that failed: such a
letter would carry nothing. There the way is a new credential, which brings a new letter.
"""

from services.mailer.rules.notices import SEALED
from services.mailer.rules.states import GENERAL, NOTICES, TEST

WITHOUT_SECRET = (GENERAL, TEST, *(kind for kind in NOTICES if kind not in SEALED))
