"""REST of the mailer."""

from services.mailer.api.letters import letters
from services.mailer.api.queue import keys, queue

BLUEPRINTS = (letters, queue, keys)
