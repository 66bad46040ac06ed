"""A client that ended well and said nothing has measured nothing."""

from __future__ import annotations

from typing import Any, cast

import pytest

from harness.model.errors import NotMeasured
from harness.model.probe import Probe, ProbeKind, Ran, State
from harness.probes.contract import World
from harness.probes.redis import measure


class Silent:
    """An engine whose command inside a container ends like this."""

    def __init__(self, out: str) -> None:
        self.out = out

    def run(self, *_: Any) -> Ran:
        return Ran(0, self.out, "")


def test_an_answer_of_redis_that_got_lost_is_no_pass() -> None:
    probe = Probe("cache", ProbeKind.REDIS, "cache", command=("PING",))
    with pytest.raises(NotMeasured, match="said nothing"):
        measure(probe, cast(World, Silent("")), {})
    assert measure(probe, cast(World, Silent("\n")), {}).state is State.GOOD, "an empty value is an answer"
