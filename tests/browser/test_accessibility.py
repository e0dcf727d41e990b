"""WCAG 2.2 AA as far as a machine can judge, on every page: axe, and nothing that scrolls sideways."""

import os
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.helpers.browsing import DESKTOP, PHONE, Windows, shoot
from tests.helpers.places import Place, Places
from tests.helpers.world import World

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RUN = """(rules) => axe.run(document, {resultTypes: ["violations"], iframes: false, rules: {"target-size": {enabled: true}},
    ...(rules.length && {runOnly: rules})}).then(
    ({violations}) => violations.flatMap(({id, nodes}) => nodes.map((node) => `${id}: ${node.target.join(" ")}
        ${node.html.slice(0, 200)}
        ${(node.failureSummary ?? "").split("\\n").slice(1, 3).join(" ").trim()}`)))"""
# What another theme can change.
COLOURS = ["color-contrast", "link-in-text-block"]
# The pages are shared out, so that several processes can look at them.
PARTS = 3
# What sticks out to the side, where nothing around it scrolls or clips; the outermost element alone.
SIDEWAYS = """() => {
  const wide = document.documentElement.clientWidth + 1;
  const clipped = (e) => e && (getComputedStyle(e).overflowX !== "visible" || clipped(e.parentElement));
  if (document.documentElement.scrollWidth <= wide) return [];
  const out = [...document.body.querySelectorAll("*")].filter(
    (e) => e.getBoundingClientRect().right > wide && e.checkVisibility() && !clipped(e.parentElement));
  return [`${document.documentElement.scrollWidth} px wide`, ...out.slice(0, 5).map((e) => e.outerHTML.slice(0, 160))];
}"""
# A choice so narrow that nobody reads what is chosen.
SQUEEZED = """() => [...document.querySelectorAll("select")].filter((e) => e.checkVisibility() && e.clientWidth < 80)
  .map((e) => `${e.clientWidth} px: ${e.outerHTML.slice(0, 80)}`)"""


@cache
def axe() -> str:
    """The source of axe-core. It comes into each page beside its own scripts, whose CSP stays as it is."""
    return AXE.read_text("utf-8")


async def walk(windows: Windows, places: list[Place]) -> AsyncIterator[tuple[Place, Page]]:
    """Each page in turn, in the window of whom it is for."""
    opened: dict[int, Page] = {}
    for place in places:
        key = id(place.person)
        if key not in opened:
            opened[key] = await windows.open("", place.person)
            await opened[key].context.add_init_script(axe())
        await opened[key].goto(place.path)
        yield place, opened[key]


@pytest.mark.parametrize("part", range(PARTS))
async def test_every_page_is_accessible_and_asks_nobody_else_for_anything(
    windows: Windows, world: World, part: int
) -> None:
    windows.expect("status of 404")
    found = []
    async for place, page in walk(windows, (await Places.make(world)).pages[part::PARTS]):
        for size, look in (("desktop", DESKTOP), ("phone", PHONE)):
            # all of it in view, as whoever scrolls gets to see it: what lies under the dock now is not hidden by it
            await page.set_viewport_size({"width": look["width"], "height": 10_000})
            # the tokens of a theme are the same on every screen: the dark is judged on one
            for theme in ("light", "dark") if size == "desktop" or os.environ.get("HAAS_SHOTS") else ("light",):
                await page.emulate_media(color_scheme=theme)
                wrong = await page.evaluate(RUN, COLOURS if theme == "dark" else [])
                found += [f"{place.name} ({place.path}), {size}, {theme}: {each}" for each in wrong]
                if os.environ.get("HAAS_SHOTS"):
                    await page.set_viewport_size(look)
                    await shoot(page, f"{place.name}-{size}-{theme}")
        await page.set_viewport_size({"width": 320, "height": 640})
        found += [f"{place.name} ({place.path}), 320 pixels: {each}" for each in await page.evaluate(SIDEWAYS)]
        found += [f"{place.name} ({place.path}), squeezed: {each}" for each in await page.evaluate(SQUEEZED)]
    assert not found, "\n".join([f"{len(found)} faults", *found])
