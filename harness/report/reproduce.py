"""The commands that repeat a run, leave its faults out, or judge it again."""

from __future__ import annotations

from shlex import quote

from harness.model.record import Record


def commands(record: Record, rerun: str = "") -> tuple[tuple[str, str], ...]:
    """(what it does, command), in the order in which people want them."""
    plan = record.plan
    file = plan.file if plan.file.endswith((".yaml", ".yml")) else ""
    control = bool(file) and not plan.without_faults
    without = (
        (("The same plan with every fault left out", f"regionfall run {quote(file)} --no-faults"),) if control else ()
    )
    return (
        ("The same run again", rerun or f"regionfall rerun {record.run}"),
        *without,
        ("Judge the same measurements again", f"regionfall report {record.run} --judge"),
    )
