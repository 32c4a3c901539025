"""Calls out of the portal."""
