"""The mailer's back office."""
