"""The programs of the mock multi-region stack: one image, one code base, behaviour by environment.

No program here reads phases, an incident's clock or an experiment: each knows its own settings and its callees.
"""
