"""Faults by hand on a stack that is up: each held by a small process of its own that dies with its deadline."""
