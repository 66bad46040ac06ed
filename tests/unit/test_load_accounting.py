"""The pure parts of the load: orders, wire, clock handshake, live window, account."""

from __future__ import annotations

import json
import struct

import pytest

from harness.containers.load.wire import Frames, Order, Step, frame
from harness.model.errors import LoadError
from harness.model.finding import LoadAccount
from harness.model.load import Flow, Load, Outcome, RatePoint, Sample
from harness.model.plan import Phase, Plan
from harness.model.progress import FlowNow
from harness.model.stack import Stack
from harness.workload.account import Account
from harness.workload.handshake import RoundTrip, offset_us
from harness.workload.order import expected_arrivals, expected_per_flow, order_of
from harness.workload.streams import Demultiplexer
from harness.workload.window import FlowWindow

FLOWS = (
    Flow("buy", "web", 8080, method="POST", path="/buy", body="{}", weight=1.0, deadline_s=2.0),
    Flow("look", "web", 8080, path="/look?x=1", weight=3.0, deadline_s=0.5, ok_status=(200, 404)),
)


def plan_of(*rates: tuple[float, float], connections: str = "keep-alive", arrivals: str = "even") -> Plan:
    load = Load(tuple(RatePoint(*rate) for rate in rates), FLOWS, arrivals, connections, slots=40)
    phases = (Phase("steady", -20.0, 0.0), Phase("gone", 0.0, 30.0))
    return Plan("n", "", "", "", 5, Stack("p", (), ()), load, 5.0, phases, ())


def ok(due_s: float, latency_s: float, flow: str = "buy", outcome: Outcome = Outcome.OK) -> Sample:
    return Sample(round(due_s * 1e6), flow, round(latency_s * 1e6), outcome)


def test_rates_move_to_the_runs_clock_and_the_first_covers_all_before() -> None:
    order = order_of(plan_of((0.0, 10.0), (12.0, 30.0)), {})
    assert order.steps == (Step(0.0, 10.0), Step(37.0, 30.0))
    assert order.duration_s == 55.0
    assert expected_arrivals(order) == 37 * 10 + 18 * 30


def test_a_rate_from_before_the_start_holds_at_the_start() -> None:
    assert order_of(plan_of((-40.0, 5.0), (-30.0, 7.0), (-10.0, 9.0)), {}).steps == (Step(0.0, 7.0), Step(15.0, 9.0))


def test_a_flow_goes_to_its_service_unless_it_is_sent_elsewhere() -> None:
    order = order_of(plan_of((0.0, 1.0)), {"look": "http://127.0.0.1:9/"})
    assert [target.url for target in order.targets] == ["http://web:8080/buy", "http://127.0.0.1:9/look?x=1"]
    assert [target.deadline_us for target in order.targets] == [2_000_000, 500_000]


def test_an_order_survives_the_wire() -> None:
    order = order_of(plan_of((0.0, 10.0), connections="recycle 20"), {})
    assert order.recycle == 20
    assert Order.from_wire(json.loads(order.to_line())) == order


def test_connections_that_nobody_knows_are_refused() -> None:
    with pytest.raises(LoadError, match=r"'recycle often'.*keep-alive, new or recycle N"):
        order_of(plan_of((0.0, 1.0), connections="recycle often"), {})


def test_expected_counts_are_the_schedules_own() -> None:
    order = order_of(plan_of((0.0, 10.0)), {})
    per_flow = expected_per_flow(order)
    assert sum(per_flow.values()) == expected_arrivals(order) == 550
    assert per_flow["buy"] in (137, 138)
    assert expected_arrivals(order, until_us=1_000_000) == 10


def test_frames_come_out_whole_however_they_were_cut() -> None:
    sent = [b"", b"a", b"b" * 70_000]
    stream, frames = b"".join(map(frame, sent)), Frames()
    assert [whole for i in range(0, len(stream), 7) for whole in frames.feed(stream[i : i + 7])] == sent


def test_something_printed_among_frames_is_noticed() -> None:
    with pytest.raises(ValueError, match=r"not a frame.*Traceback"):
        list(Frames().feed(b"Traceback (most recent call last)"))


def test_the_engines_two_streams_are_told_apart() -> None:
    stream = struct.pack(">BxxxL", 1, 3) + b"out" + struct.pack(">BxxxL", 2, 3) + b"err"
    demultiplexer = Demultiplexer()
    packets = [packet for i in range(len(stream)) for packet in demultiplexer.feed(stream[i : i + 1])]
    assert packets == [(1, b"out"), (2, b"err")]


def test_the_quickest_round_trip_gives_the_offset() -> None:
    trips = [RoundTrip(0, 9000, 5_004_000), RoundTrip(10_000, 10_200, 5_010_103)]
    assert offset_us(trips) == 5_000_003


def test_clocks_that_cannot_be_told_apart_are_the_same_clock() -> None:
    assert offset_us([RoundTrip(0, 400, 130)]) == 0


def test_a_window_counts_what_was_decided_in_its_last_seconds() -> None:
    window = FlowWindow(FLOWS, length_s=5.0)
    window.add([ok(1.0, 0.1), ok(8.0, 0.2), ok(8.5, 0.4), ok(7.0, 2.0, outcome=Outcome.TIMEOUT)])
    assert window.now(10_000_000) == [
        FlowNow("buy", 2 / 3, 2.0, 0.4, p50_s=0.4, p90_s=2.0, p99_s=2.0),
        FlowNow("look", None, None),
    ]


def test_requests_that_hang_count_against_availability_when_they_time_out() -> None:
    window = FlowWindow(FLOWS, length_s=4.0)
    outcomes = [(0.01, Outcome.OK), (2.0, Outcome.TIMEOUT)]
    for i in range(200):
        latency_s, outcome = outcomes[i % 2]
        window.add([ok(i * 0.1, latency_s, outcome=outcome)])
    settled = window.now(18_000_000)[0].availability
    assert settled == pytest.approx(0.5, abs=0.1)


def test_the_account_counts_rows_lateness_and_missing_slots() -> None:
    account = Account()
    account.add(Sample(i, "buy", 1, Outcome.OK, late_us=20_000 if i >= 95 else 100) for i in range(99))
    account.add([Sample(99, "buy", 1, Outcome.NO_SLOT, late_us=10_000)])
    assert account.against(offered=101) == LoadAccount(offered=101, rows=100, late=4, no_slot=1, lateness_p99_s=0.02)


def test_an_empty_account_is_all_zero() -> None:
    assert Account().against(0) == LoadAccount()
