"""What the mailer does: one function, one thing, in the caller's transaction."""
