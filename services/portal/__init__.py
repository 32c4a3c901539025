"""Portal: the client area."""
