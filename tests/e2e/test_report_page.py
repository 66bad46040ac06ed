"""The report in a real Chromium: nothing asked for outside, nothing wrong on the console, drawn, readable."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from report_browser import Page, browser
from report_endings import KINDS, example

from harness.report import write_report

DRAWN = """[...document.querySelectorAll('.chart canvas')].map(canvas => {
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    const colours = new Set();
    for (let at = 0; at < pixels.length; at += 4)
        if (pixels[at + 3] > 200) colours.add((pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2]);
    return colours.size;
})"""

READABLE = "h1,h2,h3,.word,.lead,.pill,.node,dd,dt,th,td,.tick,.lane .who,.words,button"

CLIPPED = f"""[...document.querySelectorAll('{READABLE}')]
    .filter(e => e.getClientRects().length && !e.closest('.tip, .hidden, .scroll'))
    .filter(e => {{ const box = e.getBoundingClientRect(); return box.right > WIDTH + 1 || box.left < -1; }})
    .map(e => e.className + ': ' + e.textContent.trim().slice(0, 40))"""

CONTRAST = """(() => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const rgb = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data]; };
    const light = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((sum, v, at) => sum + v * [.2126, .7152, .0722][at], 0);
    const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
        if (c[3] > 250) return c; } return rgb('white'); };
    const seen = {};
    const all = 'h1,h2,h3,p,dd,dt,th,td,.pill,.told,.sub,.tick,.who,.caption span,.key,.node';
    for (const e of document.querySelectorAll(all))
        if (e.getClientRects().length && e.textContent.trim()) {
            const [one, two] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((a, b) => b - a);
            const ratio = (one + .05) / (two + .05);
            if (ratio < 4.5) seen[e.tagName + '.' + e.className] = Math.round(ratio * 100) / 100;
        }
    return seen;
})()"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    found = {}
    for kind in KINDS:
        folder = tmp_path_factory.mktemp(kind)
        found[kind] = write_report(folder, *example(kind))
    return found


@pytest.fixture(
    params=[(1280, False), (1280, True), (390, False), (390, True)], ids=["wide", "wide-dark", "phone", "phone-dark"]
)
def window(request: pytest.FixtureRequest, chromium: Page) -> Page:
    width, dark = request.param
    chromium.view(width, dark=dark)
    return chromium


@pytest.mark.parametrize("kind", ["passed", "quick"])
def test_the_page_is_silent_asks_for_nothing_draws_all_and_fits(
    window: Page, pages: dict[str, Path], kind: str
) -> None:
    window.console.clear()
    window.requests.clear()
    window.open(pages[kind])
    assert window.console == []
    assert window.requests == [pages[kind].resolve().as_uri()]
    colours = window.js(DRAWN)
    assert len(colours) == 3 * len(example(kind)[0].plan.load.flows) and min(colours) >= 3
    assert window.js("document.documentElement.scrollWidth") == window.width
    assert window.js(CLIPPED.replace("WIDTH", str(window.width))) == []
    assert window.js(CONTRAST) == {}


@pytest.mark.parametrize("kind", ["failed", "inconclusive", "aborted", "errored", "unclean"])
def test_every_other_ending_reads_on_a_phone_without_a_word_on_the_console(
    chromium: Page, pages: dict[str, Path], kind: str
) -> None:
    chromium.view(390)
    chromium.console.clear()
    chromium.open(pages[kind])
    assert chromium.console == []
    assert chromium.js("document.documentElement.scrollWidth") == chromium.width
    assert chromium.js(CLIPPED.replace("WIDTH", str(chromium.width))) == []


def test_pointing_at_one_card_reads_the_same_moment_on_all(chromium: Page, pages: dict[str, Path]) -> None:
    chromium.view(1280)
    chromium.open(pages["passed"])
    chromium.js("document.querySelector('.who .plot').scrollIntoView({block: 'center', behavior: 'instant'})")
    chromium.js("window.first = document.querySelector('.who .plot').getBoundingClientRect()")
    box = chromium.js("[first.x + first.width / 2, first.y + first.height / 2]")
    chromium.call("Input.dispatchMouseEvent", type="mouseMoved", x=box[0], y=box[1])
    chromium.settle()
    said = chromium.js("[...document.querySelectorAll('.who .now[data-now=share]')].map(e => e.textContent)")
    moments = {text.split(" · ")[0] for text in said}
    assert len(said) == len(example("passed")[0].plan.load.flows) and len(moments) == 1
    assert moments.pop().count(":") == 1
    reads = chromium.js("[...document.querySelectorAll('.flow .read')].map(e => e.textContent)")
    assert all("p95" in text for text in reads)


def test_a_bar_tells_its_source_to_the_keyboard(chromium: Page, pages: dict[str, Path]) -> None:
    chromium.view(1280)
    chromium.open(pages["passed"])
    tip = "getComputedStyle(document.getElementById('bar-2')).visibility"
    assert chromium.js(tip) == "hidden"
    chromium.js("document.querySelectorAll('.bar')[1].focus()")
    chromium.settle()
    assert chromium.js(tip) == "visible"
    assert "incidents.md 4.1 <P*>" in chromium.js("document.getElementById('bar-2').textContent")


def test_the_charts_follow_when_the_reader_changes_to_dark(chromium: Page, pages: dict[str, Path]) -> None:
    chromium.view(1280)
    chromium.open(pages["passed"])
    shot = "document.querySelector('.chart canvas').toDataURL()"
    light = chromium.js(shot)
    chromium.view(1280, dark=True)
    chromium.settle()
    assert chromium.js(shot) != light


def test_every_link_inside_the_page_leads_somewhere(chromium: Page, pages: dict[str, Path]) -> None:
    chromium.open(pages["passed"])
    links = "[...document.querySelectorAll(`a[href^='#']`)]"
    dead = f"{links}.filter(a => !document.querySelector(a.getAttribute('href'))).length"
    assert chromium.js(f"{links}.length") >= 15
    assert chromium.js(dead) == 0
    assert chromium.js("new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size") == chromium.js(
        "document.querySelectorAll('[id]').length"
    )
