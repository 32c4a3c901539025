"""REST of the portal: clients, invoices, payments, notifications of gateways, and what needs attention."""

from services.portal.api.attention import list_attention
from services.portal.api.cases import cases_api
from services.portal.api.clients import clients_blueprint
from services.portal.api.contacts import contacts_api
from services.portal.api.documents import documents_blueprint
from services.portal.api.invoices import invoices
from services.portal.api.notifications import notifications_blueprint
from services.portal.api.papers import papers_blueprint
from services.portal.api.payments import payments
from services.portal.clients.files import FileStore
from services.portal.clients.gateways.choosing import Gateways
from services.portal.rules.sessions import Lifetime
from shared.web import attention_blueprint
from shared.web.api import Api


def register_api(api: Api, lifetime: Lifetime, gateways: Gateways, files: FileStore) -> None:
    """Register everything below `/api/portal/v1`.

    `lifetime` tells which sessions count as open; `files` has the fiscal documents.
    """
    api.register_blueprint(clients_blueprint(lifetime))
    api.register_blueprint(notifications_blueprint(gateways))
    api.register_blueprint(invoices)
    api.register_blueprint(payments)
    api.register_blueprint(papers_blueprint(files))
    api.register_blueprint(documents_blueprint(files))
    api.register_blueprint(cases_api)
    api.register_blueprint(contacts_api)
    api.register_blueprint(attention_blueprint(list_attention))
