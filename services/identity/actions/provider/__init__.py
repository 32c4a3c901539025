"""The OAuth2 and OpenID Connect provider, on Authlib's.

It is made for each request with that request's session, so that everything it does happens in the one transaction that
the endpoint opened. The endpoints for programs are in `api/oauth.py`, those for people in `pages/authorize.py`.
"""

from services.identity.actions.provider.server import Provider

__all__ = ["Provider"]
