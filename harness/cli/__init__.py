"""The command `regionfall`: one small file a command."""

from __future__ import annotations


def main() -> None:
    """Entry point of the command; leaves the process with the published exit code."""
    from harness.cli.entry import leave

    leave()
