"""Differently broken files: every problem with its exact line and column, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.model.errors import InvalidFile, Problem, UsageError
from harness.model.stack import Stack
from harness.spec.load import load_experiment

Listing = Callable[..., list[str]]

TIMELINE = """version: 1
timeline:
  - {phase: gone, for: 30s, faults: [{id: f, on: db, hang: true}]}
  - {phase: after, for: 30s}
"""

CASES: dict[str, tuple[str, list[str]]] = {
    "unknown key": ("version: 1\nbreak: db\nfro: 30s\n", ["3:1 unknown key 'fro'; did you mean 'for'?"]),
    "bare number for a duration": (
        "version: 1\nbreak: db\nfor: 30\n",
        ["3:6 a duration carries a unit: write 30s or 30ms instead of 30"],
    ),
    "wrong version": ("version: 2\nbreak: db\n", ["1:10 2 is not a version that this program reads; write version: 1"]),
    "no version": ("break: db\n", ["1:1 the key 'version' is missing (Version of this format)"]),
    "true is not a version": (
        "version: true\nbreak: db\n",
        ["1:10 True is not a version that this program reads; write version: 1"],
    ),
    "nothing broken": ("version: 1\n", ["1:1 nothing is broken: write break: TARGET, or a timeline"]),
    "a list": ("- a\n", ["1:1 ['a'] is not an experiment; start with: version: 1"]),
    "unknown target": (
        "version: 1\nbreak: us-eest-1\n",
        ["2:8 unknown target 'us-eest-1'; did you mean 'us-east-1'?"],
    ),
    "break and timeline": (
        TIMELINE + "break: db\n",
        ["2:1 either break (one fault) or timeline (phases), not both"],
    ),
    "for outside a phase": (
        TIMELINE + "for: 30s\n",
        ["5:1 'for' belongs to break: TARGET; in a timeline it stands in a phase"],
    ),
    "share as a number": (
        "version: 1\nbreak: db\nhow:\n  hang: true\n  share: 35\n",
        ["5:10 35 is not a share; write 35% for a percentage, or a number from 0 to 1"],
    ),
    "unknown symptom": (
        "version: 1\nbreak: db\nhow: blakout\n",
        ["3:6 'blakout' is not known here; did you mean 'blackout'?"],
    ),
    "symptom of another version": (
        "version: 1\nbreak: db\nhow: unreachable\n",
        [
            "3:6 the symptom 'unreachable' is not handled: use hang (no answer) or refuse (refused at once);"
            " `regionfall explain faults` lists what is handled"
        ],
    ),
    "a key of another version": (
        "version: 1\nbreak: db\nhow: {unreachable: true}\n",
        [
            "3:7 the symptom 'unreachable' is not handled: use hang (no answer) or refuse (refused at once);"
            " `regionfall explain faults` lists what is handled"
        ],
    ),
    "a fault by name that needs a value": (
        "version: 1\nbreak: db\nhow: slow\n",
        ["3:6 slow needs a value; write {slow: 300ms}"],
    ),
    "a value out of bounds": (
        "version: 1\nbreak: db\nhow: {slow: 11m}\n",
        ["3:13 11 m is out of bounds for latency; write 0 s to 10 m"],
    ),
    "a rate out of bounds": (
        "version: 1\nbreak: db\nhow: {bandwidth: {rate: 5B/s}}\n",
        ["3:25 0.005 KB/s is out of bounds for rate; write 1 KB/s to 10000000 KB/s"],
    ),
    "a count out of bounds": (
        "version: 1\nbreak: db\nhow: {slow: {latency: 1ms -> 2ms, steps: 101}}\n",
        ["3:42 101 is out of bounds; it must be at most 100"],
    ),
    "two symptoms": (
        "version: 1\nbreak: db\nhow: {hang: true, refuse: true}\n",
        ["3:19 hang and refuse at once; give each a fault of its own"],
    ),
    "hang: false": (
        "version: 1\nbreak: db\nhow: {hang: false}\n",
        ["3:13 False is not true; write true, or remove the key"],
    ),
    "overlapping phases": (
        "version: 1\ntimeline:\n  - {phase: a, at: 0s, for: 30s, faults: [{on: db, hang: true}]}\n"
        "  - {phase: b, at: 20s, for: 30s}\n",
        ["4:20 phases overlap: 'b' begins at 20 s, before 'a' ends at 30 s; give faults their own at and for instead"],
    ),
    "a gap": (
        "version: 1\ntimeline:\n  - {phase: a, for: 30s, faults: [{on: db, hang: true}]}\n"
        "  - {phase: b, at: 40s, for: 30s}\n",
        [
            "4:20 a gap of 10 s between 'a' (ends at 30 s) and 'b' (begins at 40 s); make one longer, or add a phase"
            " between them"
        ],
    ),
    "a gap after steady": (
        "version: 1\ntimeline:\n  - {phase: a, at: 5s, for: 30s, faults: [{on: db, hang: true}]}\n",
        [
            "3:20 a gap of 5 s between 'steady' (ends at 0 s) and 'a' (begins at 5 s); make one longer, or add a phase"
            " between them"
        ],
    ),
    "a negative start": (
        "version: 1\ntimeline:\n  - {phase: a, at: -5s, for: 30s, faults: [{on: db, hang: true}]}\n",
        ["3:20 '-5s' is not a duration; write it with units: 300ms, 30s, 2m, 1h 30m"],
    ),
    "two phases of one name": (
        "version: 1\ntimeline:\n  - {phase: a, for: 30s, faults: [{on: db, hang: true}]}\n  - {phase: a, for: 30s}\n",
        ["4:13 two phases are called 'a'; rename one"],
    ),
    "a phase called steady": (
        "version: 1\ntimeline:\n  - {phase: steady, for: 30s, faults: [{on: db, hang: true}]}\n",
        ["3:13 the name 'steady' is taken by the baseline; choose another"],
    ),
    "a phase without length": (
        "version: 1\ntimeline:\n  - phase: a\n    faults: [{on: db, hang: true}]\n",
        ["3:5 phase 'a' does not say how long it lasts; add for: 30s"],
    ),
    "two faults of one id": (
        "version: 1\ntimeline:\n  - phase: a\n    for: 30s\n    faults:\n      - {id: x, on: db, hang: true}\n"
        "      - {id: x, on: idp, hang: true}\n",
        ["7:14 two faults are called 'x'; give one of them another id"],
    ),
    "a fault beyond the end": (
        "version: 1\ntimeline:\n  - phase: a\n    for: 30s\n    faults:\n      - {on: db, hang: true, for: 45s}\n",
        ["6:35 holds until 45 s, but the timeline ends at 30 s; end it earlier, or add a phase after it"],
    ),
    "a fault outside its phase": (
        TIMELINE.replace("hang: true", "hang: true, at: 40s"),
        [
            "3:70 begins at 40 s, outside its phase 'gone' (0 s to 30 s)",
            "3:70 ends at 30 s, not after it begins at 40 s",
        ],
    ),
    "too short to prove": (
        "version: 1\nbreak: db\nfor: 1500ms\n",
        ["2:8 'break' would hold for 1.5 s of wall time; less than 2 s cannot be proved; write at least 2s"],
    ),
    "unknown flow": (
        TIMELINE + 'expect:\n  webb: {availability: ">= 90%"}\n',
        ["6:3 unknown flow 'webb'; did you mean 'web'?"],
    ),
    "unknown metric": (
        TIMELINE + 'expect:\n  web: {availabilty: ">= 90%"}\n',
        ["6:9 unknown key 'availabilty'; did you mean 'availability'?"],
    ),
    "unknown phase": (
        TIMELINE + 'expect:\n  web:\n    - {availability: ">= 90%", phases: [gnoe]}\n',
        ["7:41 unknown phase 'gnoe'; did you mean 'gone'?"],
    ),
    "a limit without its unit": (
        TIMELINE + 'expect:\n  web: {availability: ">= 99", p99: "< 800"}\n',
        [
            "6:23 a share carries a unit: write 99% instead of 99",
            "6:37 a duration carries a unit: write 800s or 800ms instead of 800",
        ],
    ),
    "an edge that is two": (
        TIMELINE + 'expect:\n  "checkout->db": {retries: "<= 1.2"}\n',
        [
            "6:3 'checkout->db' must name exactly one edge, as caller->callee:port; it selects: checkout->db:5432,"
            " checkout->db:9187"
        ],
    ),
    "a metric of an edge on a flow": (
        TIMELINE + 'expect:\n  web: {bytes: ">= 20KB/s"}\n',
        [
            '6:9 bytes is a metric of an edge; write it under an edge, as "web->orders", or use: availability,'
            " error_rate, goodput, p50, p90, p95, p99, p50_ratio, p95_ratio, p99_ratio, recovers_within, recovered_at,"
            " goodput_ratio, availability_ratio"
        ],
    ),
    "recovery after an unknown phase": (
        TIMELINE + "expect:\n  web: {recovers_within: 10s, after: goone}\n",
        ["6:38 unknown phase 'goone'; did you mean 'gone'?"],
    ),
    "an effect without needs": (
        TIMELINE + 'signature:\n  - {point: 1, role: effect, tag: scripted, flow: web, availability: "<= 50%"}\n',
        ["6:5 an effect check names the faults that it cannot be seen without; add needs: [id]"],
    ),
    "needs twice": (
        TIMELINE
        + 'signature:\n  - {point: 1, role: effect, tag: scripted, flow: web, availability: "<= 50%", needs: [f, f]}\n',
        ["6:91 'f' is there twice; keep one"],
    ),
    "two metrics in one check": (
        TIMELINE + 'signature:\n  - {point: 1, role: invariant, tag: scripted, flow: web, p90: "> 1s", p50: "< 1s"}\n',
        ['6:5 a check has exactly one metric with a limit, as in availability: ">= 99%"; it has p50, p90'],
    ),
    "a protected service": (
        TIMELINE + "limits: {protect: [db]}\n",
        [
            "3:50 'db' selects the protected service 'db' (edge checkout->db:5432); take it out: db,!db"
            " (declared at first.chaos.yaml:5)"
        ],
    ),
    "too many faults at once": (
        "version: 1\ntimeline:\n  - phase: a\n    for: 30s\n    faults:\n      - {id: x, on: db, hang: true}\n"
        "      - {id: y, on: idp, hang: true}\nlimits: {faults: 1}\n",
        [
            "6:9 2 faults at once (x, y); limits.faults allows 1 (declared at first.chaos.yaml:8)",
            "7:9 2 faults at once (x, y); limits.faults allows 1 (declared at first.chaos.yaml:8)",
        ],
    ),
    "outside the allowed region": (
        TIMELINE + "limits: {regions: [us-west-2]}\n",
        [
            "3:50 'db' breaks checkout->db:5432, which touches none of limits.regions (us-west-2); narrow the target,"
            " or widen the limit (declared at first.chaos.yaml:5)"
        ],
    ),
    "holds too long": (
        TIMELINE + "limits: {for: 20s}\n",
        [
            "3:38 'f' holds for 30 s, longer than limits.for (20 s); shorten it, or raise the limit"
            " (declared at first.chaos.yaml:5)"
        ],
    ),
    "incomposable faults": (
        "version: 1\ntimeline:\n  - phase: a\n    for: 30s\n    faults:\n"
        "      - {id: x, on: db, slow: 300ms, share: 30%}\n      - {id: y, on: checkout->db, slow: 100ms}\n",
        [
            "6:9 on checkout->db:5432, 'x', 'y' cannot hold together: slow effects with different shares on one edge:"
            " [0.3, 1.0]; give them one share",
            "7:9 on checkout->db:5432, 'x', 'y' cannot hold together: slow effects with different shares on one edge:"
            " [0.3, 1.0]; give them one share",
        ],
    ),
    "one flag told twice": (
        "version: 1\ntimeline:\n  - phase: a\n    for: 30s\n    faults:\n"
        "      - {id: x, on: idp, flags: {login: fail}}\n"
        "      - {id: y, on: idp, flags: {login: slow}, at: 10s}\n",
        [
            "7:9 idp would be told login = \"slow\" by 'y' and \"fail\" by 'x' at the same time; let one end before the"
            " other begins"
        ],
    ),
    "flags on a service that takes none": (
        "version: 1\nbreak: db\nhow: {flags: {login: fail}}\n",
        ["2:8 db cannot be told to misbehave: no label regionfall.flags; known: idp"],
    ),
    "flags on an edge": (
        "version: 1\nbreak: web->idp\nhow: {flags: {login: fail}}\n",
        ["2:8 flags are told to services, 'web->idp' names edges; known: idp"],
    ),
    "a share of a blackout": (
        "version: 1\nbreak: us-east-1\nhow: {how: blackout, share: 30%}\n",
        ["3:22 blackout has no share, it is all or nothing; use slow, hang or refuse"],
    ),
    "more jitter than latency": (
        "version: 1\nbreak: db\nhow: {slow: {latency: 100ms, jitter: 200ms}}\n",
        ["3:38 a jitter of 200 ms on a latency of 100 ms; at most the latency itself"],
    ),
    "two endings on one edge": (
        "version: 1\ntimeline:\n  - phase: a\n    for: 30s\n    faults:\n"
        "      - {id: one, on: db, slow: 1s}\n      - {id: two, on: db, limit_data: 5KB}\n"
        "      - {id: three, on: db, slow_close: 2s}\n",
        [
            "7:9 on checkout->db:5432, 'two', 'three' cannot hold together: limit_data and slow_close both end"
            " connections, and one proxy can do one of them",
            "8:9 on checkout->db:5432, 'two', 'three' cannot hold together: limit_data and slow_close both end"
            " connections, and one proxy can do one of them",
        ],
    ),
    "pieces that vary too much": (
        "version: 1\nbreak: db\nhow: {slicer: {size: 100B, vary: 60B}}\n",
        ["3:34 pieces of 100 B may vary by at most half of that; lower vary, or raise size"],
    ),
    "a share in one direction": (
        "version: 1\nbreak: db\nhow: {hang: {way: response}, share: 10%}\n",
        ["3:19 a share is cut at the dial, which goes both ways; leave out way: response, or share"],
    ),
    "a size without a unit": (
        "version: 1\nbreak: db\nhow: {limit_data: 5}\n",
        ["3:19 a size carries a unit: write 5B or 5KB instead of 5"],
    ),
    "a way that is none": (
        "version: 1\nbreak: db\nhow: {hang: {way: back}}\n",
        ["3:19 'back' is not known here; known: both, request, response"],
    ),
    "steps without a climb": (
        "version: 1\nbreak: db\nhow: {slow: {latency: 100ms, steps: 5}}\n",
        ["3:30 'steps' belongs to a climb; write latency: 20ms -> 400ms"],
    ),
    "no slow latency": (
        "version: 1\nbreak: db\nhow: {slow: {latncy: 100ms}}\n",
        ["3:14 unknown key 'latncy'; did you mean 'latency'?"],
    ),
    "a pool too small": (
        TIMELINE + "load: {rate: 100/s, deadline: 5s, slots: 100}\n",
        [
            "5:42 100 slots cannot hold 100/s for a deadline of 5 s (up to 500 requests in flight); write slots: 660,"
            " or leave it out"
        ],
    ),
    "a flow of nobody": (
        TIMELINE + "load:\n  flows:\n    pay: {service: webb, get: /}\n",
        ["7:20 unknown service 'webb'; did you mean 'web'?"],
    ),
    "a flow into a service without entry": (
        TIMELINE + "load:\n  flows:\n    db: {get: /}\n",
        ["7:9 service 'db' has no entry; add the label regionfall.entry, or ask one of: web, static"],
    ),
    "two requests in a flow": (
        TIMELINE + "load:\n  flows:\n    web: {get: /, post: /a}\n",
        ["7:19 one request per flow; it has get and post"],
    ),
    "a path without a slash": (
        TIMELINE + "load:\n  flows:\n    web: {get: shop}\n",
        ["7:16 'shop' is not a path; begin with / and write blanks as %20"],
    ),
    "an unknown stop metric": (
        TIMELINE + 'stop: [{when: "web.avail < 20% for 10s"}]\n',
        [
            "5:15 'avail' cannot be watched once a second; did you mean 'availability'?",
        ],
    ),
    "a stop condition that is none": (
        TIMELINE + 'stop: [{when: "when it hurts"}]\n',
        ["5:15 'when it hurts' is not a condition; write \"checkout.availability < 20% for 10s\""],
    ),
    "an unknown service in the environment": (
        TIMELINE + "stack:\n  environment:\n    chekout: {A: b}\n",
        ["7:5 unknown service 'chekout'; did you mean 'checkout'?"],
    ),
    "a clock value that is no duration": (
        TIMELINE + 'stack:\n  environment:\n    checkout: {TTL: "60@clock"}\n',
        ["7:21 before @clock: a duration carries a unit: write 60s or 60ms instead of 60"],
    ),
    "a compression for an unknown phase": (
        TIMELINE + "clock: {default: 1x, phases: {gnoe: 2x}}\n",
        ["5:37 unknown phase 'gnoe'; did you mean 'gone'?"],
    ),
    "a compression without its x": (
        TIMELINE + "clock: {default: 240}\n",
        ["5:18 a compression is written with an x: 240x instead of 240"],
    ),
    "an empty key": (TIMELINE + "expect:\n", ["5:1 'expect' is empty; give it a value, or remove the key"]),
    "a text where a mapping stands": (
        TIMELINE + "limits: none\n",
        ["5:9 'none' is not a mapping (key: value)"],
    ),
    "steps": (
        TIMELINE + "  - phase: switch\n    at: 5s\n    for: 5s\n    do: {http: POST wbe:8080/x, deadline: 1s}\n",
        [
            "7:5 a step has a moment (at) and a deadline, no 'for'; remove it",
            "8:16 unknown service 'wbe'; did you mean 'web'?",
        ],
    ),
    "a locustfile": (
        TIMELINE + "load: {locustfile: l.py}\n",
        ["5:20 a closed-loop locustfile is not handled by this version; declare load.flows"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_broken_file_is_refused_at_its_place(problems: Listing, name: str) -> None:
    text, expected = CASES[name]
    assert problems(text) == expected


def test_all_problems_come_at_once(problems: Listing) -> None:
    found = problems(
        "version: 1\n"
        "nmae: x\n"
        "timeline:\n"
        "  - {phase: a, for: 30, faults: [{on: nowhere, hang: true}]}\n"
        "  - {phase: b, for: 30s, faults: [{on: db, slow: 300}, {on: dbb, hang: true}, {hang: true}]}\n"
        "expect:\n"
        '  webb: {availability: ">= 99%"}\n'
        '  web: {p99: "< 800ms", phases: [c]}\n'
    )
    assert found == [
        "2:1 unknown key 'nmae'; did you mean 'name'?",
        "4:21 a duration carries a unit: write 30s or 30ms instead of 30",
        "4:39 unknown target 'nowhere'; known: checkout, db, idp, internet, mailer, replica, static,"
        " us-east-1, us-west-2, web",
        "5:50 a duration carries a unit: write 300s or 300ms instead of 300",
        "5:61 unknown target 'dbb'; did you mean 'db'?",
        "5:79 the key 'on' is missing (Target: region, service, a->b, *->b, a->*, role:NAME, tag:NAME, entry:NAME;"
        " joined by commas, minus with !)",
        "7:3 unknown flow 'webb'; did you mean 'web'?",
        "8:34 unknown phase 'c'; known: a, b, steady",
    ]


def test_problems_name_the_file_and_read_as_places(tmp_path: Path, shop: Stack) -> None:
    path = tmp_path / "x.chaos.yaml"
    path.write_text("version: 1\nbrake: db\n")
    with pytest.raises(InvalidFile) as caught:
        load_experiment(path, read_stack=lambda files, directory: shop)
    assert str(caught.value) == f"{path}:2:1 unknown key 'brake'; did you mean 'break'?"
    assert caught.value.exit_code == 2


def test_a_file_that_is_not_there_is_invalid(tmp_path: Path, shop: Stack) -> None:
    with pytest.raises(InvalidFile, match="cannot be read"):
        load_experiment(tmp_path / "none.yaml", read_stack=lambda files, directory: shop)
    with pytest.raises(InvalidFile, match="cannot be read"):
        load_experiment(tmp_path, read_stack=lambda files, directory: shop)


@pytest.mark.parametrize(
    ("text", "place"),
    [("version: 1\nbreak: db\nstack:\n  compose: [a.yaml]\n", (4, 12)), ("version: 1\nbreak: db\n", (1, 1))],
)
@pytest.mark.parametrize(
    "error", [InvalidFile([Problem("a.yaml", 3, 1, "no such service")]), UsageError("no Compose project here")]
)
def test_an_unreadable_project_stands_where_it_is_named(
    tmp_path: Path, text: str, place: tuple[int, int], error: Exception
) -> None:
    def unreadable(files: tuple[Path, ...] | None, directory: Path) -> Stack:
        raise error

    path = tmp_path / "x.chaos.yaml"
    path.write_text(text)
    with pytest.raises(InvalidFile) as caught:
        load_experiment(path, read_stack=unreadable)
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == place
    assert str(error) in problem.message


def test_the_stack_is_read_from_the_folder_of_the_file(tmp_path: Path, shop: Stack) -> None:
    asked: list[tuple[tuple[Path, ...] | None, Path]] = []

    def read(files: tuple[Path, ...] | None, directory: Path) -> Stack:
        asked.append((files, directory))
        return shop

    path = tmp_path / "deep" / "x.chaos.yaml"
    path.parent.mkdir()
    path.write_text("version: 1\nbreak: db\nstack: {compose: [../compose.yaml]}\n")
    load_experiment(path, read_stack=read)
    assert asked == [((path.parent / "../compose.yaml",), path.parent)]
