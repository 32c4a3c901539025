"""Policy of the portal."""
