"""Command line of the directory: web, worker, migrate, dead-letters."""

from services.directory.app import create_app
from services.directory.consumers import HANDLERS
from services.directory.jobs import jobs
from services.directory.settings import Settings
from shared.cli import Service, command_line

SERVICE = Service("directory", Settings, create_app, HANDLERS, jobs)
main = command_line(SERVICE)

if __name__ == "__main__":
    main()
