"""Use cases of identity: each does one thing in the caller's transaction."""
