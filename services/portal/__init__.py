"""Portal: the client area.

Owns the sessions of clients. Emits ClientSignedIn, and ActRecorded for what people did. Hears the directory (a small
copy of the parties, so that a page needs no other service to be shown), identity (a revoked credential and a changed
password end sessions at once) and the mailer (how the letters of its notices ended, and which addresses nothing
reaches). Passwords and codes are checked by identity over HTTP; none is ever kept here.
"""
