"""Nothing is painted on: other outages than the one in the file show what follows from them, and nothing else.

A slice of the replay with two dependents on a part of the bundled stack. What is varied comes from a seed, which is
printed; REGIONFALL_TRUTH_SEED repeats one. `make truth` does the same with the whole replay.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "truth"))

import claims
import variants
from bench import ROOT, Bench, parsed
from pruned import pruned
from readings import Reading

pytestmark = pytest.mark.timeout(600)

TRUTH = ROOT / "tests" / "truth"
COMPOSE = ROOT / "compose" / "compose.yaml"

WANTED = ("air-ctrl", "video-multi", "operators", "static-east")
ONLY = {"operators": ("dns-api", "identity")}
STATEFUL = ("air-ctrl", "dns-answers")
"""Who remembers the last outage: what a name points to, and where that sent a front."""
UNTOUCHED = ("static-east",)
DEPENDENTS = ("dns-change", "air-ctrl")
DISTANCE_S = 1
"""From the clients to every region, there and back; a minute on the clock of the slice."""
BYTES, TROUGH = "load->video-multi:8080", "bytes_ratio"


def part_of_the_stack(text: str, wanted: tuple[str, ...], only: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """The Compose project of the slice: regions side by side, clients far away."""
    part = pruned(parsed(text), wanted, only=only, context=str(ROOT / "compose"))
    regions = {service["labels"]["regionfall.region"] for service in part["services"].values()}
    return part | {"x-regionfall": {"rtt": {f"internet~{region}": f"{DISTANCE_S}s" for region in sorted(regions)}}}


@pytest.fixture(scope="module")
def draw() -> random.Random:
    """Everything that is varied comes out of this."""
    seed = int(os.environ.get("REGIONFALL_TRUTH_SEED") or random.SystemRandom().randrange(10**6))
    print(f"\nREGIONFALL_TRUTH_SEED={seed}")
    return random.Random(seed)


def undisturbed(run: Callable[[], Reading], attempts: int = 3) -> Reading:
    """A run in which nothing else kept the machine busy, seen by a flow that no fault reaches; the last one at most."""
    for left in reversed(range(attempts)):
        reading = run()
        busy = claims.disturbed(reading, UNTOUCHED)
        if not busy or not left:
            break
        print(f"  the machine was busy, {', '.join(busy)} tell: once more")
    return reading


def shown(name: str, reading: Reading, folder: Path) -> None:
    """Where a run is and what it showed, for whoever looks at a failure."""
    print(f"{name}: {folder}\n  {', '.join(f'{flow} {moment}' for flow, moment in reading.recoveries.items())}")


@dataclass
class Slice:
    """The stack of the slice, up, with the document of its experiment."""

    bench: Bench
    document: variants.Document
    url: str
    used: bool = False
    base: Reading | None = None
    """The outage as it is written; everything else is compared with it."""

    def outage(self, name: str, document: variants.Document, *options: str, **more: Any) -> Reading:
        """One outage, on a stack that remembers none."""
        self.bench.write(f"{name}.chaos.yaml", document)
        return undisturbed(lambda: self._once(name, options, more))

    def _once(self, name: str, options: tuple[str, ...], more: dict[str, Any]) -> Reading:
        if self.used:
            self._forget()
        self.used = True
        reading, folder = self.bench.run(f"{name}.chaos.yaml", *options, **more)
        shown(name, reading, folder)
        return reading

    def _forget(self) -> None:
        home = f"label=regionfall.home={self.bench.directory / '.regionfall'}"
        for service in STATEFUL:
            one = f"label=com.docker.compose.service={service}"
            (container,) = _docker("ps", "-q", "--filter", home, "--filter", one).split()
            _docker("restart", "-t", "1", container)
        end = time.monotonic() + 60
        while not _answers(self.url):
            assert time.monotonic() < end, f"{self.url} does not answer within 60 s of a restart"
            time.sleep(0.2)


def _docker(*words: str) -> str:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True, timeout=60).stdout


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="module")
def document() -> variants.Document:
    return parsed((TRUTH / "slice.chaos.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def stack(tmp_path_factory, document):
    """The part of the stack, up once for all outages on it."""
    bench = Bench(tmp_path_factory.mktemp("truth"), timeout_s=240)
    bench.write("compose.yaml", part_of_the_stack(COMPOSE.read_text("utf-8"), WANTED, ONLY))
    bench.write("slice.chaos.yaml", document)
    try:
        up = bench.command("up", "slice.chaos.yaml", "--json")
        assert up.returncode == 0, up.stderr
        yield Slice(bench, document, json.loads(up.stdout)["urls"]["air-ctrl"])
    finally:
        down = bench.command("down")
    assert down.returncode == 0, down.stderr


def shows(
    stack: Slice, run: Callable[[], Reading], answer: Callable[[Reading, Reading], claims.Answer], again: bool = True
) -> claims.Answer:
    """One outage meets its claim beside the base. What does not is run once more, both of them: a busy machine may have
    disturbed either, and what is painted on fails twice."""
    stack.base = stack.base or stack.outage("base", stack.document)
    found = answer(stack.base, run())
    if not found.holds and again:
        print(f"  once more, since {found.measured}: {found.why}")
        stack.base = None
        return shows(stack, run, answer, again=False)
    print(f"  {found.expected}: {found.measured}")
    return found


def test_the_outage_itself_shows_every_point(stack):
    def outage() -> Reading:
        stack.base = stack.outage("base", stack.document)
        return stack.base

    stack.base = outage()
    found = claims.base(stack.base)
    assert found.holds or claims.base(outage()).holds, found


@pytest.mark.drill
def test_without_faults_no_effect_is_observed(stack):
    def nothing(base: Reading, run: Reading) -> claims.Answer:
        return claims.control(run)

    found = shows(stack, lambda: stack.outage("control", stack.document, "--no-faults"), nothing)
    assert found.holds, found


def test_a_longer_phase_moves_every_recovery_after_it_by_as_much(stack, draw):
    by = draw.choice((3, 4))
    document = variants.longer(stack.document, "hole", by)
    moved = partial(claims.longer, after=8 - DISTANCE_S, by=by)
    found = shows(stack, lambda: stack.outage("longer", document), moved)
    assert found.holds, found


def test_one_fault_lifted_later_moves_exactly_what_depends_on_it(stack, draw):
    by = draw.choice((3, 4))
    document = variants.lifted_later(stack.document, "dns-api", f"{10 + by}m")
    found = shows(stack, lambda: stack.outage("later", document), partial(claims.later, dependents=DEPENDENTS, by=by))
    assert found.holds, found


def test_one_fault_left_out_removes_exactly_the_checks_that_need_it(stack, draw):
    name = draw.choice(sorted({one for check in stack.document["signature"] for one in check.get("needs", ())}))
    document = variants.without(stack.document, name)
    found = shows(stack, lambda: stack.outage("left-out", document), partial(claims.left_out, injection=name))
    assert found.holds, found


def test_lifted_by_hand_in_mid_run_the_dependents_come_back_as_they_are_built(stack, draw):
    heal = ("hole", draw.uniform(2.0, 3.5))
    back = partial(claims.healed, within=2.0, slower={})
    found = shows(stack, lambda: stack.outage("healed", stack.document, heal=heal), back)
    assert found.holds, found


def test_other_names_and_another_share_give_the_same_verdict_and_a_deeper_trough(stack, document, draw, tmp_path):
    """A copy in which every service and region has another name, and 40 % of users belong to the east, not 26 %."""
    text = COMPOSE.read_text("utf-8")
    names = variants.fresh_names(variants.names_of(parsed(text)), draw)
    other = part_of_the_stack(
        variants.renamed_text(text, names),
        tuple(names[name] for name in WANTED),
        {names[name]: tuple(names[callee] for callee in callees) for name, callees in ONLY.items()},
    )
    deeper = variants.with_limit(document, BYTES, TROUGH, "48%..72%")
    deeper = variants.with_variable(deeper, "video-multi", "EAST_SHARE", "0.40")
    bench = Bench(tmp_path, timeout_s=240)
    bench.write("compose.yaml", other)
    bench.write("renamed.chaos.yaml", variants.renamed(deeper, names))
    print(names)

    def once() -> Reading:
        reading, folder = bench.run("renamed.chaos.yaml")
        shown("renamed", reading, folder)
        return reading

    def both(base: Reading, run: Reading) -> claims.Answer:
        same, deep = claims.renamed(base, run), claims.trough(run, TROUGH, 0.40, 0.04)
        return deep if same.holds else same

    found = shows(stack, lambda: undisturbed(once), both)
    assert found.holds, found
