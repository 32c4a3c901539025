"""The start page of the back offices."""

from flask import Blueprint, render_template

from shared.web import staff_required

blp = Blueprint("start", __name__)


@blp.get("/backoffice/")
@staff_required()
def show() -> str:
    """Four offices, what each is for, and the first steps of a new installation."""
    return render_template("identity/start.html", at_start=True)
