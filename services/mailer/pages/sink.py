"""The local sink: what would have been sent, where no mail server is set."""

from pathlib import Path

from flask import Blueprint, Response, abort, render_template, request
from markupsafe import escape

from services.mailer.clients.sink import count_sink, date_of, list_sink, part_of, read_sink
from services.mailer.rules.options import mail_options
from shared.web import current, set_policy, staff_required

sink = Blueprint("sink", __name__, url_prefix="/backoffice/mailer/sink")


def _folder() -> Path:
    options = mail_options(current().settings)
    if options.smtp_url:
        abort(404)
    return options.data / "sink"


@sink.get("", strict_slashes=False)
@staff_required("administrator")
def index() -> str:
    """Letters of the sink, the newest first."""
    folder, text = _folder(), request.args.get("q", "")
    found, following = list_sink(folder, text=text, before=request.args.get("cursor", ""))
    return render_template("mailer/sink.html", letters=found, following=following, text=text, total=count_sink(folder))


@sink.get("/<name>")
@staff_required("administrator")
def show(name: str) -> str:
    """One letter, as its recipient would read it."""
    message = read_sink(_folder(), name) or abort(404)
    set_policy(frame_src="'self'")
    return render_template(
        "mailer/sink_letter.html",
        message=message,
        name=name,
        text=part_of(message, "plain"),
        written_at=date_of(message),
    )


@sink.get("/<name>/html")
@staff_required("administrator")
def html(name: str) -> Response:
    """The HTML part, for a frame that may do nothing."""
    message = read_sink(_folder(), name) or abort(404)
    # Links open in a page of their own: the letter is read like in a mail program.
    set_policy(
        frame_ancestors="'self'",
        style_src="'unsafe-inline'",
        script_src="'none'",
        sandbox="allow-popups allow-popups-to-escape-sandbox",
    )
    body = part_of(message, "html") or f"<pre>{escape(part_of(message, 'plain'))}</pre>"
    return Response(body.replace("<head>", '<head><base target="_blank">', 1), content_type="text/html; charset=utf-8")
