"""REST of the mailer."""

from services.mailer.api.attention import attention
from services.mailer.api.letters import letters
from services.mailer.api.queue import keys, queue
from services.mailer.api.returned import bounces, suppressions

BLUEPRINTS = (letters, queue, keys, suppressions, bounces, attention)
