"""Measurements, each beside the bare limit of the same machine: `make bench`. Nothing here is asserted."""
