"""Policy of identity: no web, no SQL, no network, no clock of its own."""
