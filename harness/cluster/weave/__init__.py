"""The weave: a guest's Compose project rendered so that every dependency leads through a border. Nothing is edited."""

from harness.cluster.weave.render import weave
from harness.cluster.weave.woven import Published, Woven

__all__ = ["Published", "Woven", "weave"]
