"""What a plan resolves, and what it is refused for, with what would do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.model.objective import Limit
from harness.model.plan import Plan
from harness.spec import resolution
from harness.spec.feasibility import feasibility

Load = Callable[..., Plan]
Listing = Callable[..., list[str]]


def experiment(expect: str, rate: str = "20/s", during: str = "30s", after: str = "30s") -> str:
    return (
        f"version: 1\nload: {{rate: {rate}, flows: {{web: {{}}}}}}\ntimeline:\n"
        f"  - {{phase: gone, for: {during}, faults: [{{id: f, on: db, hang: true}}]}}\n"
        f"  - {{phase: after, for: {after}}}\nexpect:\n  web: {{{expect}}}\n"
    )


def test_samples_follow_rate_weight_and_wall_time(load: Load) -> None:
    plan = load(
        "version: 1\nload:\n  rate: [{at: 0s, rate: 40/s}, {at: 40s, rate: 80/s}]\n"
        "  flows: {web: {weight: 3}, static: {}}\n"
        "timeline:\n  - {phase: a, for: 30s, faults: [{on: db, hang: true}]}\n  - {phase: b, for: 30s}\n"
        'expect: {web: {availability: ">= 90%"}}\n'
    )
    estimate = feasibility(plan)
    assert [phase.phase for phase in estimate.phases] == ["steady", "a", "b"]
    assert [flow.samples for flow in estimate.phases[0].flows] == [600, 200]
    assert [flow.samples for flow in estimate.phases[1].flows] == [900, 300]
    assert [flow.samples for flow in estimate.phases[2].flows] == [300 + 1200, 100 + 400]
    assert estimate.refused == ()
    assert estimate.phases[1].flows[0].half_width == pytest.approx(0.033, abs=0.001)
    assert estimate.phases[1].flows[0].near_all == pytest.approx(0.0033, abs=0.0001)


def test_a_share_needs_the_samples_of_its_exact_interval(problems: Listing, load: Load) -> None:
    text = experiment('availability: ">= 99.9%", phases: [gone]')
    assert problems(text) == [
        "7:23 web availability >= 99.9%: needs at least 2995 requests, gone will see about 600; would do: load.rate"
        " 104/s instead of 20/s, or 156 s of wall time"
    ]
    plan = load(text.replace("20/s", "105/s"))
    (check,) = feasibility(plan).checks
    assert (round(check.samples), check.bad_allowed) == (3150, 0)


@pytest.mark.parametrize(
    ("limit", "needs"), [(">= 95%", 59), (">= 99%", 299), (">= 99.5%", 598), (">= 99.9%", 2995), (">= 100%", None)]
)
def test_the_published_sample_sizes(limit: str, needs: int | None) -> None:
    low = float(limit.removeprefix(">= ").removesuffix("%")) / 100
    assert resolution.share_needs(Limit(limit, low=low)) == needs


def test_how_many_bad_ones_pass_is_known() -> None:
    limit = Limit("", low=0.99)
    assert resolution.bad_allowed(limit, 298) is None
    assert resolution.bad_allowed(limit, 299) == 0
    assert resolution.bad_allowed(limit, 473) == 1
    assert resolution.bad_allowed(limit, 1049) == 5


@pytest.mark.parametrize(("quantile", "needs"), [(0.5, 5), (0.9, 29), (0.95, 59), (0.99, 299)])
def test_a_quantile_needs_enough_samples_for_an_upper_end(quantile: float, needs: int) -> None:
    assert resolution.quantile_needs(quantile) == needs


REFUSED = [
    (experiment('availability: ">= 100%"'), "no number of requests can prove it"),
    (experiment('p99: "< 800ms", phases: [gone]', rate="5/s"), "needs at least 299 requests, gone will see about 150"),
    (experiment('p99_ratio: "<= 110%"', rate="9/s"), "needs at least 299 requests, steady will see about 180"),
    (experiment('p95: "< 3s"'), "the flow's deadline is 2 s, nothing is measured beyond it"),
    (
        experiment("recovers_within: 10s", after="10s"),
        "only 10 s are watched after the last fault; a recovery is one that",
    ),
    (experiment("recovers_within: 10s, after: after"), "nothing is watched after phase 'after'"),
    (experiment("recovered_at: 58s..59s"), "a recovery can be seen up to 51 s"),
    (experiment("recovered_at: 40s..41s"), "finer than the resolution of ± 750 ms"),
]


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_what_can_never_be_decided_is_refused_before_anything_is_touched(
    problems: Listing, text: str, words: str
) -> None:
    found = problems(text)
    assert len(found) == 1 and words in found[0], found


def test_a_fault_on_an_entry_that_hardly_anyone_uses_is_refused(problems: Listing) -> None:
    found = problems(
        "version: 1\nload: {rate: 1/m, flows: {static: {}}}\ntimeline:\n"
        "  - {phase: gone, for: 30s, faults: [{id: f, on: entry:static, hang: true}]}\n"
        "  - {phase: after, for: 30s}\nexpect: {static: {goodput: '>= 1/m'}}\n"
    )
    assert found == [
        "4:1 'f' would meet about 0.5 requests of the load; 5 prove it; raise load.rate, or hold it longer"
    ]


ORDER = """version: 1
clock: {{default: {clock}}}
load: {{rate: 100/s}}
timeline:
  - phase: out
    for: 100m
    faults: [{{id: a, on: db, hang: true}}, {{id: b, on: idp, flags: {{login: fail}}, until: {until}}}]
  - {{phase: end, for: 100m}}
signature:
  - {{point: 7, role: effect, tag: emergent, order: [static, web], needs: [a, b]}}
"""


def test_an_order_finer_than_its_resolution_is_refused_with_the_clock_that_would_do(
    problems: Listing, load: Load
) -> None:
    assert load(ORDER.format(clock="240x", until="97m")).signature[0].order == ("static", "web")
    assert problems(ORDER.format(clock="600x", until="97m")) == [
        "10:1 order: the faults 'a' and 'b', which its recoveries wait for, end 300 ms of wall time apart, finer than"
        " the resolution of 0.5 s; would do: a clock of 360x in phase 'out', or a higher rate"
    ]


def test_an_order_on_the_same_fault_is_up_to_the_system(load: Load) -> None:
    text = ORDER.format(clock="600x", until="99m").replace("needs: [a, b]", "needs: [a]")
    assert load(text).signature[0].needs == ("a",)


def test_an_existential_objective_needs_no_interval(load: Load) -> None:
    plan = load(experiment('availability: ">= 100%", existential: true'))
    assert plan.objectives[0].existential
