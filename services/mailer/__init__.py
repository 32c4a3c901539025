"""Mailer: every letter, from the wait to its end."""
