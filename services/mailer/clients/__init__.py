"""Calls out: the mail server, identity's public keys, and the local sink that stands in for a mail server."""
