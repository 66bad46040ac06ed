"""Slots: Locust users that send one request at a time, when the desk tells them."""

from __future__ import annotations

from typing import Any

import gevent
from geventhttpclient.url import URL
from locust import FastHttpUser, task
from locust.contrib.fasthttp import LocustUserAgent
from locust.env import Environment

from harness.containers.load.connection import OneConnection, outcome_of
from harness.containers.load.desk import Arrival, Desk
from harness.containers.load.wire import LATE_US, Order, Target
from harness.model.load import Outcome

_ANY_STATUS = frozenset(range(100, 1000))
_AGENT = "regionfall-load"


class Request:
    """A flow's request, made ready once."""

    def __init__(self, target: Target, recycle: int) -> None:
        self.url = URL(target.url)
        self.method = target.method
        self.payload = target.body.encode() or None
        self.headers = {"Content-Type": "application/json"} if target.body else {}
        if recycle == 1:
            self.headers["Connection"] = "close"


LocustUserAgent.valid_response_codes = _ANY_STATUS  # the flow says which status is good


class Slot(FastHttpUser):
    """One place in the bounded pool: one request under way, one connection. Latency counts from the intended start."""

    abstract = True
    host = "http://every-flow-brings-its-own"
    max_redirects = 0
    desk: Desk
    requests: list[Request]
    recycle = 0

    def __init__(self, environment: Environment) -> None:
        self._connection = self.client_pool = OneConnection(self.recycle)
        self.default_headers = {"User-Agent": _AGENT, "Accept": "*/*"}
        super().__init__(environment)
        self.entry = -1
        self.waiter: Any = None
        self._agent = self.client.client
        self._agent.cookiejar = None  # slots are shared by all flows: a cookie would wander between them

    @task
    def serve(self) -> None:
        """Take what comes until the program ends."""
        while True:
            self._answer(self.desk.next_for(self))

    def _answer(self, arrival: Arrival) -> None:
        begin_us = self.desk.now_us()
        target = self.desk.targets[arrival.flow]
        left_us = arrival.due_us + target.deadline_us - begin_us
        if left_us <= 0:
            arrival.woke_us += begin_us - arrival.assigned_us
            self.desk.give_up(arrival)
            return
        late_us = arrival.woke_us - arrival.due_us + begin_us - arrival.assigned_us
        self.entry = self.desk.entry_of[arrival.flow]
        self.desk.tally.sent += 1
        outcome, status = self._try(arrival.flow, left_us / 1e6)
        latency_us = self.desk.now_us() - arrival.due_us
        if latency_us >= target.deadline_us or outcome is Outcome.TIMEOUT:
            outcome, status, latency_us = _given_up(arrival), 0, target.deadline_us
        self.desk.tally.add(arrival.due_us, arrival.flow, latency_us, outcome, status=status, late_us=late_us)

    def _try(self, flow: int, left_s: float) -> tuple[Outcome, int]:
        """Send once, read the whole answer; given up after `left_s`, and then the connection is closed."""
        request = self.requests[flow]
        giving_up = gevent.Timeout.start_new(left_s)
        try:
            response = self._agent.urlopen(
                request.url, method=request.method, headers=request.headers, payload=request.payload
            )
            _ = response.content
            status = response.status_code
        except (Exception, gevent.Timeout) as error:
            self._connection.close()
            return outcome_of(error), 0
        finally:
            giving_up.close()
        return (Outcome.OK if status in self.desk.targets[flow].ok_status else Outcome.BAD_STATUS), status


def _given_up(arrival: Arrival) -> Outcome:
    """A request that had to wait for a slot had less time than its deadline: its end says nothing about the service."""
    return Outcome.NO_SLOT if arrival.assigned_us - arrival.woke_us > LATE_US else Outcome.TIMEOUT


def seat(order: Order, desk: Desk) -> None:
    """Start all slots and return when every one of them waits for work; TimeoutError after 60 s."""
    requests = [Request(target, order.recycle) for target in order.targets]
    members = {"abstract": False, "desk": desk, "requests": requests, "recycle": order.recycle}
    environment = Environment(user_classes=[type("OneSlot", (Slot,), members)])
    environment.create_local_runner().spawn_users({"OneSlot": order.slots})
    with gevent.Timeout(60, TimeoutError(f"{order.slots} slots did not start within 60 s; ask for fewer")):
        while desk.idle < order.slots:
            gevent.sleep(0.01)
