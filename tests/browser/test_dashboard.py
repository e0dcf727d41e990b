"""A project's charts as a phone shows them, in the light and in the dark, and as files."""

import csv
import io

import asyncpg
import pytest
from playwright.async_api import Page

from forum.database.engine import fetch
from tests.helpers.browsing import DESKTOP, PHONE, Windows
from tests.helpers.tickets import asked
from tests.helpers.world import World

PATH = "/p/pelican/dashboard"
FACES = (3, 3, 3, 2, 1, 3)
# Each word that is shown in a drawing: its size on the screen in pixels, and where it stands.
WORDS = """() => [...document.querySelectorAll(".charts svg")].map((svg) =>
    [...svg.querySelectorAll("text")].filter((text) => getComputedStyle(text).display !== "none").map((text) => {
        const { left, right, top, bottom } = text.getBoundingClientRect();
        return { size: parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().d, left, right, top, bottom };
    }))"""
# Each chart's rows as its table has them, and the heights of the parts of its columns, from left to right.
CHARTS = """() => [...document.querySelectorAll(".charts > div")].map((chart) => ({
    file: chart.querySelector("a[download]").getAttribute("href"),
    rows: [...chart.querySelectorAll("table tr")].map((row) => [...row.cells].map((cell) => cell.textContent)),
    heights: [...chart.querySelectorAll("rect")].map((rect) => Number(rect.getAttribute("height"))),
}))"""


@pytest.fixture
async def busy(world: World, database: str) -> World:
    """Three months with two tickets each, over and rated, of which one came back."""
    for n, face in enumerate(FACES):
        one = await asked(world, f"Question {n} of three months", by=f"asker{n}")
        await one.says(world.supporter, "resolve")
        await one.ana.post(f"/tickets/{one.ticket}/rating", {"face": str(face)})
        if face == 1:
            await one.says(one.ana, "reply")
    owner = await asyncpg.connect(database)
    await owner.execute("update ticket_step set at = at - make_interval(months => ticket_id::int % 3)")
    await owner.close()
    return world


def apart(words: list[dict[str, float]]) -> bool:
    """Whether no word stands on another."""
    return not any(
        a["left"] < b["right"] and b["left"] < a["right"] and a["top"] < b["bottom"] and b["top"] < a["bottom"]
        for n, a in enumerate(words)
        for b in words[n + 1 :]
    )


async def fits(page: Page, width: int) -> None:
    """All words can be read, none stands on another, and nothing is wider than the window."""
    drawings = await page.evaluate(WORDS)
    assert len(drawings) >= 3 and all(len(words) > 2 for words in drawings)
    for words in drawings:
        assert min(word["size"] for word in words) >= 11
        assert min(word["left"] for word in words) >= 0 and max(word["right"] for word in words) <= width
        assert apart(words), words
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_charts_can_be_read_on_a_phone_and_beside_each_other(windows: Windows, busy: World, scheme: str) -> None:
    page = await windows.open("", busy.owner, color_scheme=scheme)
    for size in (PHONE, {"width": 320, "height": 700}, {"width": 1024, "height": 768}, DESKTOP):
        await page.set_viewport_size({"width": size["width"], "height": size["height"]})
        for months in (3, 6, 12):
            await page.goto(f"{PATH}?months={months}")
            await fits(page, size["width"])


async def test_each_file_holds_what_its_chart_shows(windows: Windows, busy: World) -> None:
    page = await windows.open(f"{PATH}?months=12", busy.owner)
    charts = await page.evaluate(CHARTS)
    assert len(charts) == 8
    for chart in charts:
        if not chart["rows"]:
            continue
        text = (await busy.owner.get(chart["file"])).text
        shown = [[value.replace("–", "") for value in row] for row in chart["rows"]]
        assert list(csv.reader(io.StringIO(text.lstrip("\ufeff")))) == shown, chart["file"]
    said = next(chart for chart in charts if "satisfaction" in chart["file"])
    figures = [[int(value) for value in row[2:5]] for row in said["rows"][1:]]
    top = max(max(row) for row in figures)
    assert said["heights"] == [110 * value // top for row in figures for value in row if value]
    assert len(await fetch("select 1 from rating")) == len(FACES) == sum(map(sum, figures))
