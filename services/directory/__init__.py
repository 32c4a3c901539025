"""Directory: the records of parties (tenants and owners)."""
