"""WCAG 2.2 AA as far as a machine can judge: axe on every page, and no page that scrolls sideways."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from tests.helpers.browsing import DESKTOP, PHONE, Windows, shoot
from tests.helpers.places import Places
from tests.helpers.world import World

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RUN = """() => axe.run(document, {resultTypes: ["violations"], rules: {"target-size": {enabled: true}}}).then(
    ({violations}) => violations.flatMap(({id, nodes}) => nodes.map((node) => `${id}: ${node.target.join(" ")}
        ${node.html.slice(0, 200)}
        ${(node.failureSummary ?? "").split("\\n").slice(1, 3).join(" ").trim()}`)))"""
# What sticks out to the side, where nothing around it scrolls or clips; the outermost element alone.
SIDEWAYS = """() => {
  const wide = document.documentElement.clientWidth + 1;
  const clipped = (e) => e && (getComputedStyle(e).overflowX !== "visible" || clipped(e.parentElement));
  if (document.documentElement.scrollWidth <= wide) return [];
  const out = [...document.body.querySelectorAll("*")].filter(
    (e) => e.getBoundingClientRect().right > wide && e.checkVisibility() && !clipped(e.parentElement));
  return [`${document.documentElement.scrollWidth} px wide`, ...out.slice(0, 5).map((e) => e.outerHTML.slice(0, 160))];
}"""


@cache
def axe() -> str:
    """The source of axe-core. It is evaluated beside the page, whose own CSP stays as it is."""
    return AXE.read_text("utf-8")


async def walk(windows: Windows, places: Places, **options: Any) -> Any:
    """Each page in turn, in the window of whom it is for."""
    opened: dict[int, Page] = {}
    windows.expect("status of 404")
    for place in places.pages:
        key = id(place.person)
        if key not in opened:
            opened[key] = await windows.open("", place.person, **options)
        page = opened[key]
        await page.goto(place.path)
        yield place, page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_axe_finds_nothing(windows: Windows, world: World, theme: Any, size: dict[str, int]) -> None:
    places = await Places.make(world)
    found = []
    async for place, page in walk(windows, places, color_scheme=theme, viewport=size):
        await page.evaluate(axe())
        found += [f"{place.name} ({place.path}): {each}" for each in await page.evaluate(RUN)]
        await shoot(page, f"{place.name}-{theme}-{size['width']}")
    assert not found, "\n".join([f"{len(found)} violations", *found])


async def test_no_page_scrolls_sideways_at_320_pixels(windows: Windows, world: World) -> None:
    places = await Places.make(world)
    found = []
    async for place, page in walk(windows, places, viewport={"width": 320, "height": 640}):
        found += [f"{place.name}: {each}" for each in await page.evaluate(SIDEWAYS)]
    assert not found, "\n".join(found)
