"""One experiment in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.model.errors import InvalidFile
from harness.model.fault import Fault
from harness.model.plan import Plan
from harness.model.stack import Stack
from harness.spec.load import load_experiment
from harness.spec.quick import Quick, quick_experiment, quick_text


def plan_of(quick: Quick, shop: Stack, tmp_path: Path) -> Plan:
    return quick_experiment(quick, directory=tmp_path, read_stack=lambda files, directory: shop)


@pytest.mark.parametrize(
    ("how", "share", "fault"),
    [
        ((), "", Fault("blackout")),
        (("slow", "300ms"), "", Fault("slow", latency_s=0.3)),
        (("slow", "20ms", "->", "400ms"), "", Fault("slow", 0.4, 0.0, 0.02, 20.0, 10)),
        (("bandwidth", "20KB/s"), "", Fault("bandwidth", rate_kbps=20)),
        (("hang",), "35%", Fault("hang", share=0.35)),
        (("refuse",), "", Fault("refuse")),
        (("hang", "way=response"), "", Fault("hang", params=(("way", "response"),))),
        (("slow", "300ms", "jitter=50ms"), "20%", Fault("slow", 0.3, 0.05, share=0.2)),
        (("slow", "1ms -> 2ms", "steps=3"), "", Fault("slow", 0.002, 0.0, 0.001, 20.0, 3)),
        (("limit_data", "5KB"), "", Fault("limit_data", params=(("bytes", 5000.0),))),
        (("reset", "every=5s"), "", Fault("reset", params=(("new", "pass"), ("every", 5.0)))),
        (("reset_peer",), "50%", Fault("reset_peer", share=0.5, params=(("after", 0.0),))),
        (("flags", "login=fail"), "", Fault("flags", flags=(("login", '"fail"'),))),
    ],
)
def test_words_become_a_fault(shop: Stack, tmp_path: Path, how: tuple[str, ...], share: str, fault: Fault) -> None:
    plan = plan_of(Quick("idp", how, "20s", share=share), shop, tmp_path)
    assert plan.injections[0].fault == fault and plan.phase("during").end_s == 20


def test_a_status_for_requests_is_one_line(shop: Stack, tmp_path: Path) -> None:
    for how in (("errors", "503"), ("errors", "503", "rate=30%", "path=/api")):
        fault = plan_of(Quick("web->checkout", how, "20s"), shop, tmp_path).injections[0].fault
        assert fault.kind == "errors" and fault.number("status") == 503
        assert fault.number("rate") == (0.3 if len(how) > 2 else 1.0)
        assert fault.text("path") == ("/api" if len(how) > 2 else "")


def test_expectations_are_objectives(shop: Stack, tmp_path: Path) -> None:
    quick = Quick(
        "db", ("hang",), expect=("web.availability >= 95%", "web.recovers_within 20s", "web->idp.bytes > 1B/s")
    )
    plan = plan_of(quick, shop, tmp_path)
    assert [(o.subject, o.metric) for o in plan.objectives] == [
        ("web", "availability"),
        ("web", "recovers_within"),
        ("web->idp:8080", "bytes"),
    ]


def test_what_is_saved_runs_the_same(shop: Stack, tmp_path: Path) -> None:
    quick = Quick("checkout->db", ("slow", "300ms"), "20s", ("web.p95 < 1s",), compose=("compose.yaml",))
    saved = tmp_path / "saved.chaos.yaml"
    saved.write_text(quick_text(quick))
    again = load_experiment(saved, read_stack=lambda files, directory: shop)
    once = plan_of(quick, shop, tmp_path)
    assert [replace(one, line=1) for one in again.injections] == [replace(one, line=1) for one in once.injections]
    assert again.load == once.load and again.end_s == once.end_s
    assert [o.limit for o in again.objectives] == [o.limit for o in once.objectives]


@pytest.mark.parametrize(
    ("quick", "problem"),
    [
        (Quick("us-eest-1"), "TARGET:1:1 unknown target 'us-eest-1'; did you mean 'us-east-1'?"),
        (Quick("db", ("names",)), "HOW:1:1 'names' is not handled: use unresolved"),
        (Quick("web->idp", ("kill",)), "TARGET:1:1 kill acts on services, 'web->idp' names none of the project's"),
        (Quick("db", ("disk",)), "TARGET:1:1 db has no size-limited volume that could be full"),
        (Quick("db", ("slwo", "300ms")), "HOW:1:1 unknown symptom 'slwo'; did you mean 'slow'?"),
        (Quick("db", ("slow",)), "HOW:1:1 slow needs a value; write slow 300ms"),
        (Quick("db", ("slow", "300")), "HOW:1:1 a duration carries a unit"),
        (Quick("db", ("hang", "5s")), "HOW:1:1 hang takes nothing after it; remove '5s'"),
        (Quick("idp", ("flags", "login")), "HOW:1:1 'login' is not name=value"),
        (Quick("db", for_text="30"), "--for:1:1 a duration carries a unit"),
        (Quick("db", expect=("web is fine",)), "--expect:1:1 'web is fine' is not FLOW.METRIC LIMIT"),
        (Quick("db", expect=("wbe.p95 < 1s",)), "--expect:1:1 unknown flow 'wbe'; did you mean 'web'?"),
        (Quick("db", expect=("web.p95 < 1s", "web.p95 < 2s")), "--expect:1:1 web.p95 is there twice; keep one"),
    ],
)
def test_a_wrong_word_stands_at_its_argument(shop: Stack, tmp_path: Path, quick: Quick, problem: str) -> None:
    with pytest.raises(InvalidFile) as caught:
        plan_of(quick, shop, tmp_path)
    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (("slow", "300ms", "jitter", "50ms"), "jitter and its value are one word; write jitter=50ms"),
        (("reset", "every", "3s"), "write every=3s"),
        (("refuse", "flap", "4s"), "write flap=4s"),
        (("flap", "4s"), "flap spreads another fault; write that first: refuse flap=4s"),
    ],
)
def test_a_setting_in_two_words_is_told_how_it_is_written(
    shop: Stack, tmp_path: Path, how: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InvalidFile, match=message):
        plan_of(Quick("idp", how, "20s"), shop, tmp_path)
