"""The pages of the staff's sign-in, for `app.py`: blueprints, menu entries, and what their errors say."""

from flask import Flask
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from services.identity.actions.clients import NoSuchClient, OwnClient
from services.identity.actions.invitations import NoAddress, NotInvited
from services.identity.actions.staff import (
    LastAdministrator,
    NoSuchMember,
    UnfitEmail,
    UnfitName,
    UnfitUsername,
    UnknownRole,
    UsernameTaken,
)
from services.identity.pages import (
    api_clients,
    authorize,
    colleague_security,
    joining,
    own_password,
    own_second_factor,
    own_security,
    sign_in,
    sign_in_code,
    staff,
    start,
)
from services.identity.pages.administration import HIDDEN_FROM
from shared.web import MenuItem, register_errors

LOGIN_PATH = "/backoffice/identity/login"
MENU = (
    MenuItem(endpoint="staff_members.show", label=_l("Staff"), icon="person-badge", hidden_from=HIDDEN_FROM),
    MenuItem(endpoint="api_clients.show", label=_l("Systems"), icon="plug", hidden_from=HIDDEN_FROM),
    MenuItem(endpoint="own_security.show", label=_l("My security"), icon="shield-lock"),
)


def register_staff_area(app: Flask) -> None:
    """Register the pages with which the staff signs in, and those of the staff itself."""
    for module in (sign_in, sign_in_code, authorize, start, own_password, own_security, own_second_factor):
        app.register_blueprint(module.blp)
    for module in (joining, staff, colleague_security, api_clients):
        app.register_blueprint(module.blp)
    register_errors(
        app,
        {
            UsernameTaken: (409, _l("Somebody has this user name already."), "username"),
            UnfitUsername: (422, _l("2 to 64 small letters, digits, dots, dashes or underscores."), "username"),
            UnfitName: (422, _l("1 to 120 characters."), "name"),
            UnfitEmail: (422, _l("This is not an e-mail address."), "email"),
            UnknownRole: (422, _l("Choose one of the roles."), "role"),
            NoSuchMember: (404, _l("Nobody of the staff has this address.")),
            NoAddress: (409, _l("There is no e-mail address to which a letter could go. Write one down first.")),
            NotInvited: (409, _l("This is not possible in the present state of the user. Load the page anew.")),
            NoSuchClient: (404, _l("There is no such system.")),
            OwnClient: (403, _l("This is one of Portería's own services: it looks after itself.")),
            LastAdministrator: lambda _error: (
                409,
                gettext("This is the last administrator. Make somebody else administrator first."),
            ),
        },
    )
