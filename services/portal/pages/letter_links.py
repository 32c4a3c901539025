"""Links of letters: their token leaves the address at once, and nothing that the page leads to learns of it."""

from flask import Response, make_response, redirect, request

from services.portal.rules.sessions import is_link_token

SECONDS = 3600


def keep_link(cookie: str, page: str) -> Response:
    """Open the same page without the token of the address, which a cookie for that page alone holds from now on.

    It would stay in the history otherwise, on every picture of the screen, and on the way over the sign-in.
    """
    response = make_response(redirect(page, 303))
    token = request.args["token"].strip()
    response.set_cookie(
        cookie,
        token if is_link_token(token) else "",
        path=page,
        max_age=SECONDS,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )
    return unreferred(response)


def unreferred(response: Response) -> Response:
    """No other page learns from where somebody came."""
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
