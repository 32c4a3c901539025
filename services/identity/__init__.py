"""Identity: the keys of clients and staff."""
