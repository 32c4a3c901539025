"""`python -m services.mailer web | worker | migrate | …`."""

from services.mailer.app import create_app
from services.mailer.commands import add_commands
from services.mailer.consumers import HANDLERS
from services.mailer.jobs import jobs
from services.mailer.settings import Settings
from shared.cli import Service, command_line

SERVICE = Service("mailer", Settings, create_app, HANDLERS, jobs)
main = command_line(SERVICE)
add_commands(main, SERVICE)

if __name__ == "__main__":
    main()
