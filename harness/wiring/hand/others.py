"""Faults that hold on a stack for somebody else."""

from __future__ import annotations

from collections.abc import Mapping

from harness.model.errors import ClusterError
from harness.runner.ports import BorderPort


def refuse_faults_of_others(borders: Mapping[str, BorderPort], own: str) -> None:
    """ClusterError while a fault of anybody but `own` holds: a baseline measured under it would be worth nothing."""
    found = {
        (str(entry["owner"]), str(entry["id"]))
        for border in borders.values()
        for entry in border.status().get("injections", ())
        if entry["owner"] != own
    }
    if found:
        owner, name = min(found)
        raise ClusterError(
            f"a fault holds on this stack: {name}{'' if owner == name else f' of {owner}'}\n"
            f"  next: `regionfall fault rm {name}` ends one that was added by hand, `regionfall heal` all of them"
        )
