"""How a traffic manager chooses between deployments; pure, one class for each way of being built to survive."""

from __future__ import annotations

from collections.abc import Sequence

from mock.shares import Share


class Fixed:
    """The first deployment, whatever happens."""

    def __init__(self, deployments: Sequence[str]) -> None:
        self.active = deployments[0]

    def choose(self) -> str:
        """The deployment of the next request."""
        return self.active


class Shared(Fixed):
    """Users belong to deployments by a fixed share; nobody is moved."""

    def __init__(self, deployments: Sequence[str], first_share: float) -> None:
        super().__init__(deployments)
        self.first, self.second, self.first_share, self.share = deployments[0], deployments[1], first_share, Share()

    def choose(self) -> str:
        """The first for exactly its share of requests."""
        return self.first if self.share.take(self.first_share) else self.second


class Watched(Fixed):
    """Counts misses of the active deployment; `wants` is where to go once they are too many in a row.

    A deployment that never answered yet is still starting: its misses do not count.
    """

    def __init__(self, deployments: Sequence[str], misses: int) -> None:
        super().__init__(deployments)
        self.deployments, self.misses = tuple(deployments), misses
        self.row, self.started = 0, False

    def learn(self, good: bool) -> None:
        """Take the result of a check of the active deployment into account."""
        self.started = self.started or good
        self.row = self.row + 1 if self.started and not good else 0

    def wants(self) -> str | None:
        """The other deployment if the active one missed too often."""
        if self.row < self.misses:
            return None
        place = self.deployments.index(self.active)
        return self.deployments[(place + 1) % len(self.deployments)]

    def move(self, deployment: str) -> None:
        """Send everything there from now on; it stays there until it misses as well."""
        if deployment in self.deployments and deployment != self.active:
            self.active, self.row = deployment, 0
