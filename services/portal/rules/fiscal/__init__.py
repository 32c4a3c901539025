"""Fiscal documents of Mexico and Colombia: reading what others made, comparing it, and building it.

Neither SAT nor DIAN is called from here. A CFDI is stamped by a PAC, a Colombian invoice is validated by DIAN; what is
built here is for whoever sends it there.
"""
