"""Use cases of the portal: each does one thing in the caller's transaction."""
