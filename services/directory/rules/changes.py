"""What the change log of a party speaks of."""

PLAIN = ("name", "code", "language", "street", "city", "region", "postal_code", "country", "notes")
"""Fields that are told as they are."""
DEEDS = ("created", "imported", "deactivated", "reactivated")
"""Lines that have nothing before and after."""
CHANGED = (*DEEDS, *PLAIN, "document", "classes", "phones", "email", "email_state", "principal_email")
ACTORS = ("staff", "client", "party", "import", "system")
