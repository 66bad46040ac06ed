"""Positions as generated style rules: the page's content policy allows no style attributes."""

from __future__ import annotations


class Sheet:
    """Collects `left`/`width` rules and gives each pair one class name."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def place(self, left: float, width: float | None = None) -> str:
        """Class of an absolutely placed box, percent of its parent."""
        rule = f"left:{left:.3f}%"
        return self._name(rule if width is None else f"{rule};width:{max(width, 0):.3f}%")

    def from_right(self, right: float) -> str:
        """Class of a box that ends `right` percent before its parent does."""
        return self._name(f"right:{right:.3f}%")

    def grow(self, share: float) -> str:
        """Class of a flexible item that takes this share of its row."""
        return self._name(f"flex:{share:.3f} 1 0")

    def _name(self, rule: str) -> str:
        return self._names.setdefault(rule, f"x{len(self._names)}")

    def css(self) -> str:
        """All rules so far."""
        return "".join(f".{name}{{{rule}}}" for rule, name in self._names.items())


class Axis:
    """Wall seconds to percent of the drawn width."""

    def __init__(self, start_s: float, end_s: float) -> None:
        self.start_s, self.end_s = start_s, max(end_s, start_s + 1e-9)

    def percent(self, wall_s: float) -> float:
        """Position of a moment, kept inside the axis."""
        share = (wall_s - self.start_s) / (self.end_s - self.start_s)
        return 100 * min(max(share, 0.0), 1.0)
