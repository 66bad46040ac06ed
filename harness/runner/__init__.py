"""One experiment, run: journal first, load, faults on their clock, heal on every way out, recovery observed."""
