"""Headers that keep pages from being framed, sniffed, kept in caches, or fed with foreign content."""

from flask import Flask, Response, g, request

DEFAULT_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",  # Bootstrap's own marks of select and checkbox are data: images
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def set_policy(**directives: str | None) -> None:
    """Change the Content-Security-Policy of the present response: `set_policy(frame_src="'self'")`; None removes one.

    Example: a letter's preview is shown in a frame, so its own response says `frame_ancestors="'self'", sandbox=""`.
    """
    policy = dict(g.get("policy", DEFAULT_POLICY))
    for name, value in directives.items():
        if value is None:
            policy.pop(name.replace("_", "-"), None)
        else:
            policy[name.replace("_", "-")] = value
    g.policy = policy


def init_security(app: Flask) -> None:
    """Put the headers on every answer."""
    app.after_request(_protect)


def _protect(response: Response) -> Response:
    policy = g.get("policy", DEFAULT_POLICY)
    headers = response.headers
    headers["Content-Security-Policy"] = "; ".join(f"{name} {value}".strip() for name, value in policy.items())
    if policy.get("frame-ancestors") == "'none'":
        headers["X-Frame-Options"] = "DENY"
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("Referrer-Policy", "same-origin")
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if request.is_secure:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    # Everything that is not an asset may be somebody's own: nobody on the way, nor the browser's disk, keeps it.
    headers.setdefault("Cache-Control", "no-store")
    if response.mimetype in ("text/html", "application/problem+json"):
        response.vary.update(("Accept-Language", "Cookie"))
    return response
