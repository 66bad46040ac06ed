"""Proof by effect: did the guest's own traffic over an edge change as the fault says? One kind of fault, one file."""
