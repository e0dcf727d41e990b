"""What a page may weigh (ui.md, Budgets), in kilobytes as they travel."""

import gzip
from importlib.resources import files

from playwright.async_api import Page, Response, expect

from forum import demo
from forum.threads.writing import post_reply
from tests.helpers.browsing import Windows
from tests.helpers.world import World

KB = 1024
CODE = "```python\nfor row in rows:\n    print(row.at, row.value)  # each\n```\n"


def texts() -> list[str]:
    """Twenty posts as people write them, none like another: the prose of the demo, every third with some code."""
    words = (files(demo) / "threads" / "pelican-answered.txt").read_text("utf-8").replace("`", "").split()
    pieces = [" ".join(words[n * 120 : (n + 1) * 120]).replace(". ", ".\n\n", 2) for n in range(20)]
    return [f"{piece}\n\n{CODE if n % 3 == 0 else ''}" for n, piece in enumerate(pieces)]


class Weights:
    """What the answers to a window weigh, by their kind; compressed where the server does not do it itself."""

    def __init__(self) -> None:
        self.answers: list[Response] = []

    def hear(self, answer: Response) -> None:
        self.answers.append(answer)

    async def of(self, *kinds: str) -> float:
        """Kilobytes of all answers of these types of content."""
        weight = 0
        for answer in self.answers:
            kind = (await answer.header_value("content-type") or "").partition(";")[0]
            if kind in kinds:
                weight += len(gzip.compress(await answer.body(), 6))
        return weight / KB


async def test_a_page_of_twenty_posts_keeps_its_budgets(windows: Windows, world: World) -> None:
    first, *rest = texts()
    asked = await world.ask("How do I resample without losing the last window?", markdown=first)
    people = [await (await world.person(name)).reader() for name in ("bea", "carl", "dora")]
    for n, text in enumerate(rest):
        await post_reply(people[n % 3], asked.posted.thread, text)
    page = await windows.open("", world.supporter)
    weights = Weights()
    page.on("response", weights.hear)
    await page.goto(asked.posted.url)
    await expect(page.locator("article.post")).to_have_count(20)
    await page.wait_for_load_state("networkidle")
    html = await weights.of("text/html")
    css = await weights.of("text/css")
    js = await weights.of("text/javascript")
    sprite = len(gzip.compress(await (await page.request.get(await sprite_of(page))).body(), 6)) / KB
    told = f"html {html:.1f}, css {css:.1f}, js {js:.1f}, sprite {sprite:.1f}"
    print(told)
    assert html <= 20, told
    assert css <= 20, told
    assert js <= 32, told
    assert sprite <= 3, told
    assert html + css + js <= 75, told


async def sprite_of(page: Page) -> str:
    """The address of the icons."""
    return str(await page.locator("use").first.get_attribute("href")).partition("#")[0]
