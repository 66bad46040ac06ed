"""From a run folder to verdict.json and the reports; the same for a run that just ended and for one of last year."""

from __future__ import annotations

import json
from pathlib import Path

from harness.analysis.judge import judge
from harness.analysis.wire import verdict_to_json
from harness.journal.layout import VERDICT
from harness.journal.manifest import read_record
from harness.model.finding import Verdict
from harness.model.record import Record
from harness.report.write import write_report


def judged(folder: Path) -> tuple[Record, Verdict]:
    """Read a run folder and judge it; nothing is written."""
    record = read_record(folder)
    return record, judge(record)


def judge_folder(folder: Path) -> Verdict:
    """Judge, then write verdict.json and every report into the folder."""
    record, verdict = judged(folder)
    body = verdict_to_json(verdict, record)
    (folder / VERDICT).write_text(json.dumps(body, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    logs = {path.stem: path for path in sorted((folder / "logs").glob("*.log"))}
    write_report(folder, record, verdict, logs=logs)
    return verdict
