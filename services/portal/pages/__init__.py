"""Pages of the portal: the client area at `/customerarea`, and its back office."""

from decimal import Decimal

from flask import Flask

from services.portal.pages.access import access
from services.portal.pages.accounts import accounts
from services.portal.pages.activity import activity
from services.portal.pages.backoffice import backoffice
from services.portal.pages.case_acts import case_acts
from services.portal.pages.case_desk import case_desk
from services.portal.pages.case_figures import case_figures
from services.portal.pages.cases import cases
from services.portal.pages.choices import choices
from services.portal.pages.code import code
from services.portal.pages.contact_desk import contact_desk
from services.portal.pages.contacts import contacts
from services.portal.pages.desk_pages import DESK_PAGES
from services.portal.pages.documents import documents
from services.portal.pages.emails import emails
from services.portal.pages.fiscal_settings import fiscal_settings
from services.portal.pages.guide import guide
from services.portal.pages.home import home
from services.portal.pages.incident_desk import incident_desk
from services.portal.pages.income import income
from services.portal.pages.invitation import invitations
from services.portal.pages.invoices import invoices
from services.portal.pages.letters import letters
from services.portal.pages.menu import client_frame
from services.portal.pages.notices import notices, stop
from services.portal.pages.passwords import passwords
from services.portal.pages.paying import paying
from services.portal.pages.payment_desk import payment_desk
from services.portal.pages.profile import profile
from services.portal.pages.receipts import receipts
from services.portal.pages.report_desk import report_desk
from services.portal.pages.reports import reports
from services.portal.pages.sandbox import sandbox
from services.portal.pages.security import security
from services.portal.pages.statement import statement
from services.portal.pages.viewing import keep_read_only, say_when_over, viewing
from services.portal.pages.visitor import Portal
from services.portal.rules.money import method_text, money_text
from services.portal.rules.profile import written_phone
from shared.i18n import language


def register_pages(app: Flask, portal: Portal) -> None:
    """Register every page; `portal` is what they work with."""
    app.extensions["portal"] = portal
    for blueprint in (
        access,
        code,
        accounts,
        invitations,
        passwords,
        security,
        home,
        invoices,
        income,
        receipts,
        statement,
        paying,
        sandbox,
        profile,
        emails,
        contacts,
        activity,
        guide,
        viewing,
        backoffice,
        contact_desk,
        reports,
        payment_desk,
        report_desk,
        incident_desk,
        cases,
        case_desk,
        case_acts,
        case_figures,
        documents,
        fiscal_settings,
        letters,
        choices,
        notices,
        *DESK_PAGES,
    ):
        app.register_blueprint(blueprint)
    app.extensions["csrf"].exempt(stop)  # mail programs send it, and no cookie opens it
    app.before_request(keep_read_only)
    app.after_request(say_when_over)
    app.context_processor(client_frame)
    app.add_template_filter(_money, "money")
    app.add_template_filter(_method, "method")
    app.add_template_filter(written_phone, "phone")


def _money(amount: Decimal, currency: str) -> str:
    """`{{ invoice.total | money(invoice.currency) }}`: an amount in the reader's language."""
    return money_text(amount, currency, language())


def _method(method: str) -> str:
    """`{{ payment.method | method }}`: how money came in, in the reader's language."""
    return method_text(method, language())
