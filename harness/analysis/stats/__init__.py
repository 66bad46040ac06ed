"""The arithmetic of doubt: intervals, block bootstrap, two-sample tests, and how much more data would decide."""
