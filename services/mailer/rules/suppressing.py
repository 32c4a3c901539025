"""Why an address is on the suppression list."""

BY_BOUNCE, BY_HAND = "bounced", "manual"
SUPPRESSED = "suppressed"
"""The outcome of a letter that was not sent because its address is on the list."""
SUPPRESSED_TOLD = "not sent: the address is on the suppression list"
"""The same for other services."""
