"""REST of identity."""
