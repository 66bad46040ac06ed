"""`regionfall gate --compare A B`: two image sets in turns, and what cannot be compared."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import shop

pytestmark = pytest.mark.timeout(400)

EXPERIMENT = """\
version: 1
name: slow-orders
load: {rate: 40/s}
steady: {for: 5s}
timeline: [{phase: slow, at: 0s, for: 6s, faults: [{id: slow, on: "web->orders", slow: 300ms}]}]
expect: {web: [{p50: "< 2s", phases: [slow]}]}
"""
PATIENT, HASTY = "1.5", "0.2"


@pytest.fixture
def shell(tmp_path: Path) -> shop.Shell:
    shutil.copytree(shop.GUESTS / "two-services", tmp_path / "shop")
    shell = shop.Shell(tmp_path / "shop")
    shell.write("slow.chaos.yaml", EXPERIMENT)
    shell.write("gate.yaml", "version: 1\nmargins: {p50: 10%}\n")
    for name, seconds in (("patient", PATIENT), ("hasty", HASTY)):
        shell.write(f"{name}.yaml", f'services: {{web: {{environment: {{ORDERS_TIMEOUT_S: "{seconds}"}}}}}}\n')
    return shell


@pytest.mark.drill
def test_side_b_is_judged_against_side_a_of_the_same_job(shell: shop.Shell) -> None:
    """Who waits longer answers later: from 200 to 300 ms is more than a tenth."""
    words = ("gate", "slow.chaos.yaml", "--policy", "gate.yaml", "--rounds", "1", "--json")
    done = shell(*words, "--compare", "hasty.yaml", "patient.yaml", timeout=300)
    answer = json.loads(done.out)
    (objective,) = answer["objectives"]
    assert (done.code, answer["verdict"], objective["compared"]) == (1, "failed", "failed"), answer
    assert 0.2 <= objective["baseline"] < 0.3 <= objective["observed"] < 0.5
    assert len(answer["runs"]) == 1 and objective["verdict"] == "passed", "of its own it is fine"
    assert len(list((shell.directory / ".regionfall" / "runs").iterdir())) == 2


def test_what_cannot_be_compared_is_refused_before_anything_runs(shell: shop.Shell) -> None:
    shell.write("bare.yaml", "version: 1\n")
    sides = ("--compare", "hasty.yaml", "patient.yaml")
    for words, told in (
        (("--policy", "bare.yaml", *sides), "needs to know how much worse is fine"),
        (("--policy", "gate.yaml", *sides, "--baseline", "b.json"), "use one of them"),
        (("--policy", "gate.yaml", "--compare", "hasty.yaml", "nowhere.yaml"), "nowhere.yaml"),
    ):
        done = shell("gate", "slow.chaos.yaml", *words)
        assert (done.code, told in done.err) == (2, True), done.err
    assert not (shell.directory / ".regionfall" / "runs").exists()
