"""The proxy of one edge as the object of `toxiproxy-python`, reached through its border's control stream.

Whoever has it has the edge in their own hands: no proof, no lease, no catalogue. At the end it is given back, and read
back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import toxiproxy

from harness.cluster.cluster import Cluster
from harness.cluster.control import Border
from harness.containers.border.driver import ProxyApiError, through
from harness.containers.border.transport import Answer
from harness.model.errors import CleanupUnverified, ClusterError
from harness.model.stack import Edge


class EdgeProxy(toxiproxy.Proxy):  # type: ignore[misc]
    """`toxiproxy.Proxy`, with its server behind a control stream. ClusterError for what Toxiproxy refuses."""

    def __init__(self, edge: Edge, border: Border) -> None:
        name = f"{edge.callee}.{edge.port}"
        self._carrier = _Carrier(border, edge.id, f"/proxies/{name}")
        status = self._carrier.call("GET", f"/proxies/{name}").json()
        super().__init__(name=name, upstream=status["upstream"], listen=status["listen"], enabled=status["enabled"])

    def toxics(self) -> dict[str, Any]:
        """Name -> toxic, those of the standing distance too."""
        with self._carried():
            return dict(super().toxics())

    def add_toxic(self, **toxic: Any) -> None:
        """See toxiproxy-python; it goes when the edge is given back."""
        with self._carried():
            super().add_toxic(**toxic)

    def destroy_toxic(self, toxic_name: str) -> bool:
        """See toxiproxy-python."""
        with self._carried():
            return bool(super().destroy_toxic(toxic_name))

    def enable(self) -> None:
        """See toxiproxy-python."""
        with self._carried():
            super().enable()

    def disable(self) -> None:
        """See toxiproxy-python; it listens again when the edge is given back."""
        with self._carried():
            super().disable()

    def destroy(self) -> bool:
        """Always ClusterError: the proxy is the only way over its edge, and belongs to the stack."""
        with self._carried():
            return bool(super().destroy())

    @contextmanager
    def _carried(self) -> Iterator[None]:
        try:
            with through(self._carrier):
                yield
        except ProxyApiError as error:
            raise ClusterError(f"the proxy of {self._carrier.edge}: {error}") from error


class _Carrier:
    """What the library says to its server, said to the border instead."""

    def __init__(self, border: Border, edge: str, root: str) -> None:
        self._border, self.edge, self._root = border, edge, root

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """One call about this proxy."""
        status, text = self._border.by_hand(self.edge, method, path.removeprefix(self._root), body)
        return Answer(status, text.encode())


class Hands:
    """The edges of one stack that a program has in its own hands. `give_back` on every way out."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._borders: dict[str, Border] = {}
        self._proxies: dict[str, EdgeProxy] = {}

    @property
    def edges(self) -> tuple[str, ...]:
        """Ids of what is in them."""
        return tuple(self._proxies)

    def take(self, cluster: Cluster, edge: Edge) -> EdgeProxy:
        """The proxy of an edge; ClusterError where there is none (datagrams have none)."""
        if edge.id not in self._proxies:
            self._proxies[edge.id] = EdgeProxy(edge, self._border_of(cluster, edge))
        return self._proxies[edge.id]

    def _border_of(self, cluster: Cluster, edge: Edge) -> Border:
        """Asked where its caller lives first: that is where its proxy stands, unless the caller is a client."""
        for region in sorted(cluster.border_containers, key=lambda name: name != edge.caller_region):
            if region not in self._borders:
                container = cluster.border_containers[region]
                self._borders[region] = Border.connect(container, self._owner, lambda name, event: None)
            if edge.id in self._borders[region].edges:
                return self._borders[region]
        raise ClusterError(f"no proxy stands on {edge.id}: datagrams have none")

    def give_back(self) -> None:
        """Everything as it was; CleanupUnverified for what could not be read back so. Safe to repeat."""
        left: list[str] = []
        for border in self._borders.values():
            try:
                left += border.take_back()
            except ClusterError as error:
                left.append(str(error))
            finally:
                border.close()
        self._borders, self._proxies = {}, {}
        if left:
            raise CleanupUnverified(f"not as before: {'; '.join(left)}; run: regionfall heal")
