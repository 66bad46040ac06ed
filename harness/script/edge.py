"""One call between two services, as a program takes hold of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.model.errors import UsageError
from harness.model.stack import Edge as StackEdge
from harness.spec.suggest import did_you_mean

if TYPE_CHECKING:
    import toxiproxy

    from harness.script.chaos import Chaos, Fault


class Edge:
    """`caller->callee:port`. `inject` is the proved way; `proxy` is the bare one."""

    def __init__(self, chaos: Chaos, edge: StackEdge) -> None:
        self._chaos, self._edge = chaos, edge

    @property
    def id(self) -> str:
        """Its name everywhere."""
        return self._edge.id

    @property
    def caller(self) -> str:
        """The service that calls; `load` for clients."""
        return self._edge.caller

    @property
    def callee(self) -> str:
        """The service that is called."""
        return self._edge.callee

    @property
    def port(self) -> int:
        """The callee's port."""
        return self._edge.port

    def inject(self, *how: str, **settings: Any) -> Fault:
        """`chaos.inject` on this edge."""
        return self._chaos.inject(self.id, *how, **settings)

    @property
    def proxy(self) -> toxiproxy.Proxy:
        """Its proxy as the object of toxiproxy-python: `add_toxic`, `destroy_toxic`, `disable`, `with proxy.down():`.

        What is done with it is not proved by effect, stands in no report, and ends with the test at the latest. Until
        then no fault of ours acts on this edge's proxy. ClusterError for what Toxiproxy refuses, and for `destroy`.
        """
        return self._chaos.hands.take(self._chaos.cluster.running, self._edge)

    def __repr__(self) -> str:
        return f"<edge {self.id}>"


def edge_named(edges: tuple[StackEdge, ...], name: str) -> StackEdge:
    """The one edge that `a->b` or `a->b:port` means. UsageError with what there is."""
    text = name.replace(" ", "")
    found = [edge for edge in edges if text in (edge.id, f"{edge.caller}->{edge.callee}", edge.id.removesuffix("/udp"))]
    if len(found) == 1:
        return found[0]
    ids = [edge.id for edge in found or edges]
    if found:
        raise UsageError(f"{name!r} means {len(ids)} edges; name one: {', '.join(ids)}")
    raise UsageError(f"no edge {name!r}; {did_you_mean(text, ids)}")
