"""Being written."""

from flask import Blueprint

blp = Blueprint("credential_pages", __name__, url_prefix="/backoffice/identity/credentials")
