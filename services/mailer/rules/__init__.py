"""The mailer's policy: states, outcomes, pace, addresses and what a letter looks like. No database, no network."""
