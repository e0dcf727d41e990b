"""What people write runs nowhere: the XSS lists through every surface, judged in a real browser beside a control in
which they do fire, and the Content-Security-Policy when the sanitiser is not there (trust.md C41, C42)."""

from collections.abc import Sequence
from html import escape
from typing import Any

import pytest
from playwright.async_api import Page, expect

from forum.database.engine import execute, fetch_value
from forum.markup import COOK_VERSION, cook
from forum.threads.writing import post_reply
from tests.helpers.browsing import Windows
from tests.helpers.world import World
from tests.outside.hostile import needs_data, payloads

A_PAGE = 20
CONTEXTS = ("[text]({})", "![text]({})")
HOOKS = """window.fired = [];
for (const name of ["alert", "confirm", "prompt", "print"]) window[name] = (...told) => void fired.push(`${name} ${told}`);"""
# Whoever reads moves over things, and clicks; `new Event` follows no link, so the page stays where it is.
POKE = """() => {
  const events = ["mouseover", "mouseenter", "mousemove", "click", "focus", "keydown", "input", "error", "load", "toggle"];
  for (const each of document.querySelectorAll("main *, main")) for (const name of events) each.dispatchEvent(new Event(name));
  return window.fired;
}"""
# What could run later, as the browser has read it: its own list of attributes and of schemes.
ARMED = """() => [...document.querySelectorAll("main *")].filter((each) =>
  each.matches("script, iframe, object, embed, base, meta, link, style, math, foreignObject, frame, portal")
  || [...each.attributes].some(({name, value}) => name.startsWith("on")
    || /^(href|src|action|formaction|xlink:href|data|srcset|poster|background)$/.test(name) && URL.canParse(value, "http://here")
      && !["http:", "https:", "mailto:"].includes(new URL(value, "http://here").protocol))
).map((each) => each.outerHTML.slice(0, 200))"""


async def verdict(page: Page) -> list[str]:
    """What ran on this page, at once or when touched, and what stands ready to."""
    return [*await page.evaluate(POKE), *await page.evaluate(ARMED)]


async def open_hooked(windows: Windows, path: str = "about:blank", person: Any = None) -> Page:
    page = await windows.open("", person)
    await page.context.add_init_script(HOOKS)
    await page.goto(path)
    return page


def some(every: int, longest: int = 10_000) -> list[str]:
    """Each so manieth payload that is not longer."""
    return [payload for payload in payloads() if len(payload) <= longest][::every]


async def without_policy(windows: Windows, pieces: Sequence[str]) -> list[str]:
    """What runs when these pieces of HTML stand on a page that nothing protects, and that reaches no network."""
    page = await open_hooked(windows)
    await page.context.set_offline(True)
    await page.set_content("<main>" + "".join(f"<div>{piece}</div>" for piece in pieces) + "</main>")
    await page.wait_for_timeout(200)
    told = await verdict(page)
    await page.context.close()
    return told


@needs_data
async def test_payloads_fire_where_nothing_is_sanitised(windows: Windows) -> None:
    windows.expect("")
    fired = []
    for at in range(0, 400, 40):
        told = await without_policy(windows, some(20)[at : at + 40])
        fired += [each for each in told if each.startswith(("alert ", "confirm ", "prompt ", "print "))]
    assert len(fired) > 30


@needs_data
async def test_no_payload_runs_once_cooked_even_without_a_policy(windows: Windows) -> None:
    windows.expect("ERR_INTERNET_DISCONNECTED|ERR_FILE_NOT_FOUND|Failed to load resource")
    cooked = [cook(payload).html for payload in payloads()]
    cooked += [cook(context.format(payload)).html for context in CONTEXTS for payload in some(3)]
    assert await without_policy(windows, cooked) == []


@needs_data
async def test_no_payload_runs_in_posts(windows: Windows, world: World) -> None:
    windows.expect("status of 404")
    asked = await world.ask("Does anything run?")
    every = [cook(payload).html for payload in payloads()]
    size = len(every) // (A_PAGE - 1) + 1
    for number in range(2, A_PAGE + 1):
        html = "\n".join(f"<div>{each}</div>" for each in every[(number - 2) * size : (number - 1) * size])
        await add_post(asked.posted.thread, number, world.outsider.person, html)
    page = await open_hooked(windows, asked.posted.url, await world.person("ana"))
    await expect(page.locator("article.post")).to_have_count(A_PAGE)
    assert await verdict(page) == []


async def add_post(thread: int, number: int, author: int | None, html: str) -> None:
    await execute(
        "insert into post (thread_id, number, author_id, markdown, html, cook_version, version)"
        " values ($1, $2, $3, 'x', $4, $5, 1)",
        thread,
        number,
        author,
        html,
        COOK_VERSION,
    )
    await execute("update thread set last_number = $2, version = version + 1 where id = $1", thread, number)


@needs_data
async def test_no_payload_runs_in_the_preview(windows: Windows, world: World) -> None:
    windows.expect("status of 404")
    page = await open_hooked(windows, "/new-thread", await world.person("ana"))
    chunks = some(8)
    for at in range(0, len(chunks), 40):
        await page.locator("#markdown").fill("\n\n".join([f"chunk {at}.", *chunks[at : at + 40]]))
        await page.get_by_role("button", name="Preview").click()
        await expect(page.locator("#preview")).to_contain_text(f"chunk {at}.")
        assert await verdict(page) == [], at


@needs_data
async def test_no_payload_runs_in_a_post_that_arrives_live(windows: Windows, world: World) -> None:
    windows.expect("status of 404")
    asked = await world.ask("Does anything run?")
    page = await open_hooked(windows, asked.posted.url, await world.person("ana"))
    chunks = some(12)
    for number, at in enumerate(range(0, len(chunks), 40), 2):
        text = "\n\n".join(["chunk", *chunks[at : at + 40]])
        await post_reply(await world.outsider.reader(), asked.posted.thread, text)
        await expect(page.locator(f"#post_{number}")).to_be_visible()
    assert await verdict(page) == []


@needs_data
async def test_no_payload_runs_in_titles_names_and_search(windows: Windows, world: World) -> None:
    windows.expect("status of 404")
    page = await open_hooked(windows, person=await world.person("ana"))
    samples = some(60, 90)
    for n, payload in enumerate(samples):
        author = await fetch_value(
            "insert into person (username, name) values ($1, $2) returning id", f"evil{n}", payload.replace("\0", "")
        )
        await execute("insert into handle (name, person_id) values ($1, $2)", f"evil{n}", author)
        thread = await fetch_value(
            "insert into thread (project_id, category_id, author_id, title, slug, visibility, last_poster_id, people)"
            " values ($1, $2, $3, $4, 'x', 'public', $3, array[$3::bigint]) returning id",
            world.project,
            await world.category("bugs"),
            author,
            f"needle {payload}".replace("\0", ""),
        )
        await add_post(thread, 1, author, f"<p>needle {escape(payload)}</p>".replace("\0", ""))
    newest = await fetch_value("select max(id) from thread")
    paths = [f"/t/x/{newest - n}" for n in range(0, len(samples), 8)]
    paths += [f"/search?q=needle&page={n}" for n in range(1, len(samples) // 20)]
    for path in paths:
        await page.goto(path)
        assert await verdict(page) == [], path
    await page.goto("/latest")
    older = page.get_by_role("link", name="Older threads")
    assert await verdict(page) == [], page.url
    while await older.count():
        await older.click()
        await page.wait_for_load_state()
        assert await verdict(page) == [], page.url


@pytest.mark.parametrize(
    "planted",
    [
        "<script>alert('inline')</script>",
        "<script src='data:text/javascript,alert(1)'></script>",
        "<script src='https://evil.example/x.js'></script>",
        "<img src='/nothing' onerror=\"alert('handler')\">",
        "<a id='link' href=\"javascript:alert('address')\">x</a><div onclick='alert(1)'>x</div>",
        "<iframe srcdoc=\"<script>parent.alert('frame')</script>\"></iframe>",
        "<style>body { display: none }</style><p style='position: fixed'>x</p>",
    ],
)
async def test_planted_script_does_not_run_under_the_policy(windows: Windows, world: World, planted: str) -> None:
    windows.expect("CSP: |Content Security Policy|status of 404|Refused to|asked evil.example")
    asked = await world.ask("What if the sanitiser failed?")
    await execute("update post set html = $2 where thread_id = $1", asked.posted.thread, f"<p>planted</p>{planted}")
    page = await open_hooked(windows, asked.posted.url, await world.person("ana"))
    await expect(page.get_by_text("planted", exact=True)).to_be_visible()
    if await page.locator("#link").count():
        await page.locator("#link").click()
    assert await page.evaluate(POKE) == []
    assert any("Content Security Policy" in trouble or "CSP: " in trouble for trouble in windows.troubles)
