"""Policy of the directory: what a party is, and what a table of parties means. Pure: no web, no database."""
