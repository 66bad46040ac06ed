"""When a client stops asking: a breaker per callee, a client-wide hold-off, a retry budget. Pure, on a given clock."""

from __future__ import annotations

import random


class Breaker:
    """Open after `fails` failures in a row for `pause_s`, then one try at a time decides."""

    def __init__(self, fails: int, pause_s: float) -> None:
        self.fails, self.pause_s = fails, pause_s
        self.row, self.shut_until = 0, 0.0

    def allows(self, now: float) -> bool:
        """Whether a call may go out at `now`; the first one after a pause shuts the door behind itself."""
        if self.row < self.fails:
            return True
        if now < self.shut_until:
            return False
        self.shut_until = now + self.pause_s
        return True

    def learn(self, good: bool, now: float) -> None:
        """Take the result of a call into account."""
        if good:
            self.row = 0
            return
        self.row += 1
        if self.row >= self.fails:
            self.shut_until = now + self.pause_s


class HoldOff:
    """Back-off of a whole client: after a failure nothing is sent until a doubling, jittered pause is over."""

    def __init__(self, base_s: float = 0.1, cap_s: float = 2.0, seed: int = 1) -> None:
        self.base_s, self.cap_s, self.random = base_s, cap_s, random.Random(seed)
        self.row, self.shut_until, self.probing = 0, 0.0, False

    def allows(self, now: float) -> bool:
        """Whether a call may go out at `now`; after a failure only one probe at a time."""
        if not self.row:
            return True
        if self.probing or now < self.shut_until:
            return False
        self.probing = True
        return True

    def learn(self, good: bool, now: float) -> None:
        """Take the result of a call into account."""
        self.probing = False
        self.row = 0 if good else self.row + 1
        if not good:
            pause = min(self.cap_s, self.base_s * 2 ** min(self.row, 20))
            self.shut_until = now + self.random.uniform(0.5, 1.0) * pause


class Budget:
    """Retries as a share of calls: each call earns `ratio` of a retry, at most `bucket` are saved up."""

    def __init__(self, ratio: float = 0.1, bucket: float = 10) -> None:
        self.ratio, self.bucket, self.tokens = ratio, bucket, bucket

    def earn(self) -> None:
        """One call was made."""
        self.tokens = min(self.bucket, self.tokens + self.ratio)

    def spend(self) -> bool:
        """Whether one more retry is affordable; takes it if so."""
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True
