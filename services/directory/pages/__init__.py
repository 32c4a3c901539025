"""Back office of the directory: parties, their keys, imports."""

from datetime import datetime

from flask import Flask
from flask_babel import format_datetime

from services.directory.clients import Credentials
from services.directory.pages.access import access_pages
from services.directory.pages.addresses import address_pages
from services.directory.pages.exports import export_pages
from services.directory.pages.history import history_pages
from services.directory.pages.imports import import_pages
from services.directory.pages.parties import pages
from services.directory.pages.similar import similar_pages
from services.directory.pages.wording import countries, country_name, phones_of, state_reason
from services.directory.schemas.texts import fault_text, problem_text
from shared.web import ServiceClient


def register_pages(app: Flask, calls: ServiceClient) -> None:
    """Register everything below `/backoffice/directory/`."""
    app.extensions["directory.credentials"] = Credentials(calls)
    app.jinja_env.globals.update(fault_text=fault_text, problem_text=problem_text, moment=moment)
    app.jinja_env.globals.update(
        countries=countries, country_name=country_name, phones_of=phones_of, state_reason=state_reason
    )
    for blueprint in (pages, access_pages, address_pages, history_pages, similar_pages, import_pages, export_pages):
        app.register_blueprint(blueprint, url_prefix=f"/backoffice/directory{blueprint.url_prefix or ''}")


def moment(text: str | None) -> str:
    """A time of another service's answer (ISO 8601) as people of this place write it."""
    return format_datetime(datetime.fromisoformat(text), "short") if text else "—"
