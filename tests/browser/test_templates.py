"""Templates in a composer with script: /word and Tab, a space, the list, the button that comes first."""

from playwright.async_api import expect

from categories.support.replies.actions import Written, create
from forum.database.engine import fetch_value
from forum.threads.actions import accept_answer
from forum.threads.writing import post_reply
from tests.helpers.browsing import Windows
from tests.helpers.tickets import asked
from tests.helpers.world import World


async def test_a_word_and_tab_become_the_text_and_aim_the_button(windows: Windows, world: World) -> None:
    one = await asked(world)
    await create(
        await world.supporter.reader(), world.project, Written("more", "More", "Hello {asker}, {versions}?", "facts")
    )
    page = await windows.open(one.url, world.supporter)
    area = page.locator("#body")
    await area.click()
    async with page.expect_response(lambda answer: answer.url.endswith("/templates")):
        await area.press_sequentially("Good day /more")
    await area.press("Tab")
    await expect(area).to_have_value("Good day \n\nHello Ana, …?")
    await expect(page.locator("#reply [data-send]")).to_have_text("Ask for facts")
    # what is no word of the project's stays what was typed
    await area.fill("See /usr")
    await area.press("End")
    await area.press("Space")
    await expect(area).to_have_value("See /usr ")
    assert await fetch_value("select uses from response_template") == 1


async def test_the_list_inserts_templates_and_solved_answers(windows: Windows, world: World) -> None:
    sam = await world.supporter.reader()
    solved = await asked(world, "How do I read a parquet file lazily?", by="ben")
    answer = await post_reply(sam, solved.thread, "Use `scan_parquet()`.")
    await accept_answer(await solved.ana.reader(), solved.thread, answer.number)
    one = await asked(world, "How can I read a parquet file lazily?")
    await create(sam, world.project, Written("more", "More", "Hello {asker}!"))
    page = await windows.open(f"/p/pelican/inbox/{one.ticket}", world.supporter)
    await page.get_by_role("button", name="Templates and solved threads").click()
    await page.locator("#tpl").select_option(label="More · /more")
    await page.get_by_role("button", name="Insert", exact=True).click()
    area = page.locator("#rb")
    await expect(area).to_have_value("Hello Ana!")
    await page.get_by_role("button", name="Start from this").click()
    await expect(area).to_have_value(f"""Hello Ana!

[How do I read a parquet file lazily?]({windows.url}/t/how-do-i-read-a-parquet-file-lazily/{solved.thread}/2):

[quote="sam, post:2, topic:{solved.thread}"]
Use `scan_parquet()`.
[/quote]

""")
