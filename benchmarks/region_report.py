"""The region benchmark as a page: figures side by side, and how much faster. Pure."""

from __future__ import annotations

from typing import Any

PAIRS = (("blackout", "plain disable"), ("slow", "plain toxic"))
FIGURES = (("first_ms", "first edge"), ("last_ms", "last edge"), ("skew_ms", "skew"))


_EXPLAINED = """\
Written by `{command}` at commit {commit}, {date}, on {machine}, load average at its start {load_average}.
Median of {repeats} repeats (least–greatest), milliseconds from the call until *callers* observe it.

Two regions, {edges} edges into, out of and inside one of them, all under traffic. First and last edge include the
callers' own rhythm: each asks five times a second, and notices up to 200 ms late. *Skew* does not: it is the time in
which some edges still were as before while others already were not. `plain` is toxiproxy-python's own loop over the
same proxies in the same run, in both borders at once. `call` is how long the call took: ours reads back every edge,
the loop believes its answers."""


def table(result: dict[str, Any]) -> str:
    """Markdown."""
    lines = [
        f"# A region of {result['edges']} edges goes, and comes back",
        "",
        *_EXPLAINED.format(**result).splitlines(),
        "",
        "| arm | side | first edge | last edge | skew | call | questions/s | proxies replaced |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for arm, figures in result["arms"].items():
        lines += [_row(arm, side, figures) for side in ("gone", "back")]
    return "\n".join([*lines, "", *_ratios(result), *_problems(result)]) + "\n"


def _row(arm: str, side: str, figures: dict[str, Any]) -> str:
    cells = [_cell(figures[side][name]) for name, _ in FIGURES]
    cells += [f"{figures['call_ms' if side == 'gone' else 'lift_ms']:.0f}", str(figures["asked_per_s"])]
    return f"| {arm} | {side} | {' | '.join(cells)} | {len(figures['replaced'])} |"


def _cell(figure: dict[str, float]) -> str:
    return f"{figure['median']:.0f} ({figure['min']:.0f}–{figure['max']:.0f})"


def _ratios(result: dict[str, Any]) -> list[str]:
    lines = ["How many times longer toxiproxy-python's loop takes (medians):", ""]
    for mine, theirs in PAIRS:
        for side in ("gone", "back"):
            both = [result["arms"][arm][side] for arm in (theirs, mine)]
            said = [f"{words} {_ratio(both[0][name], both[1][name])}" for name, words in FIGURES]
            lines.append(f"* {theirs} against {mine}, {side}: {', '.join(said)}")
    return [*lines, ""]


def _ratio(theirs: dict[str, float], ours: dict[str, float]) -> str:
    if ours["median"] < 1:
        return f"{theirs['median']:.0f} ms against less than 1 ms"
    return f"{theirs['median'] / ours['median']:.1f}x"


def _problems(result: dict[str, Any]) -> list[str]:
    return [f"**Wrong:** {text}" for text in result.get("problems", ())]
