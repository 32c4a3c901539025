"""Our own services as OAuth2 clients: what each may do, and where staff come back to after signing in."""

from urllib.parse import urlsplit

from services.identity.rules.addresses import LOOPBACK

PREFIX = "porteria-"
SERVICE_SCOPES = {
    "directory": ["credentials:issue"],
    "identity": ["parties:read", "keys:read", "letters:read", "attention:read"],
    "mailer": ["parties:read", "invoices:read"],
    "portal": [
        "credentials:verify",
        "passwords:write",
        "guests:write",
        "parties:read",
        "parties:write",
        "keys:read",
        "audit:read",
    ],
}


def redirect_uris(service: str, public_url: str, port: int) -> list[str]:
    """Where a back office receives its codes.

    People type localhost or 127.0.0.1 as they like, so on a machine of one's own both are known.
    """
    bases = [public_url]
    parts = urlsplit(public_url)
    if parts.hostname in LOOPBACK:
        for number in dict.fromkeys((parts.port or 80, port)):
            bases += [f"http://localhost:{number}", f"http://127.0.0.1:{number}"]
    return list(dict.fromkeys(f"{base}/backoffice/{service}/callback" for base in bases))
