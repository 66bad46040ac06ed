"""Floor 0: frozen values and the exception tree. Standard library only; no I/O, no clock, no randomness."""
