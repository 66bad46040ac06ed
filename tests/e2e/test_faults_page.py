"""The slice of `make faults-evidence` that runs with the tests: one fault on requests, from file to page."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "faults"


def test_a_fault_is_measured_and_written_down(tmp_path: Path) -> None:
    words = ["--only", "errors", "--directory", str(tmp_path), "--evidence", str(tmp_path)]
    done = subprocess.run([sys.executable, SCRIPT, *words], capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [json.loads(line) for line in (tmp_path / "faults.ndjson").read_text(encoding="utf-8").splitlines()]
    last = {row["name"]: row for row in rows}
    assert set(last) == {"errors"}
    for row in last.values():
        assert row["effect"]["proved"] and row["contained"]["proved"] and row["cleanup"] == "verified"
        assert 0 < row["hold_s"] < 3 and row["heal_s"] < 3
    assert last["errors"]["effect"]["before"] == 0 and 0.2 < last["errors"]["effect"]["during"] < 0.4
    page = (tmp_path / "faults.md").read_text(encoding="utf-8")
    assert "1 of 1 proved, contained, healed and read back as gone." in page
