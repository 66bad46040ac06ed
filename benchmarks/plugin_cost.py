"""What the plugin costs a suite that does not use it: pytest with it and without it, turn by turn.

    python benchmarks/plugin_cost.py [--rounds 20] [--json]

Prints seconds of a whole pytest process with one empty test (median of wall and processor time), and the difference.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ARMS = {"with": (), "without": ("-p", "no:regionfall")}


def once(folder: Path, words: tuple[str, ...]) -> tuple[float, float]:
    """Wall and processor seconds of one pytest."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    # Locust's own plugin is left out in both arms: ours keeps it out, and would look faster than nothing.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:locust", "-p", "no:cacheprovider", *words]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    """Both arms in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    wish = parser.parse_args()
    for name in ("PYTEST_ADDOPTS", "PYTHONDONTWRITEBYTECODE"):  # without bytecode every import would compile
        os.environ.pop(name, None)
    seen: dict[str, list[tuple[float, float]]] = {arm: [] for arm in ARMS}
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "test_nothing.py").write_text("def test_nothing(): pass\n", encoding="utf-8")
        (Path(place) / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        for turn in range(-1, wish.rounds):
            for arm in list(ARMS) if turn % 2 else list(ARMS)[::-1]:
                found = once(Path(place), ARMS[arm])
                if turn >= 0:  # the first one compiles
                    seen[arm].append(found)
    answer = {
        kind: {arm: statistics.median(times[index] for times in seen[arm]) for arm in ARMS}
        for index, kind in enumerate(("wall_s", "processor_s"))
    }
    for found in answer.values():
        found["difference"] = found["with"] - found["without"]
    if wish.json:
        print(json.dumps({"rounds": wish.rounds} | answer))
    else:
        for kind, found in answer.items():
            print(f"{kind}: with {found['with']:.3f}, without {found['without']:.3f}, plugin {found['difference']:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
