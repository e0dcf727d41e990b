"""The team's inbox by keyboard alone, and live while somebody works in it; asking, with a choice of projects."""

from playwright.async_api import expect

from forum.database.engine import execute, fetch_value
from forum.projects.actions import NewProject, create_project
from forum.threads.writing import post_reply
from tests.helpers.browsing import PHONE, Windows
from tests.helpers.world import World

TITLES = ("How do I read a file?", "How do I write a file?", "How do I close a file?")


async def test_the_inbox_is_worked_by_keyboard(windows: Windows, world: World) -> None:
    asked = [await world.ask(title, by=f"asker{n}") for n, title in enumerate(TITLES)]
    page = await windows.open("/p/pelican/inbox", world.owner)
    await expect(page.locator("#th")).to_have_text(TITLES[0])

    await page.keyboard.press("j")
    await expect(page.locator(":focus")).to_have_text(TITLES[1])
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await expect(page.locator(":focus")).to_have_text(TITLES[1])
    await page.keyboard.press("o")
    await expect(page.locator("#th")).to_have_text(TITLES[1])

    await page.keyboard.press("c")
    await expect(page.get_by_text("assigned to Olga Owner").first).to_be_visible()
    await page.keyboard.press("a")
    await expect(page.locator("#note")).to_be_focused()
    await page.keyboard.type("You know the writer best. cap")
    await page.keyboard.press("Tab")
    await page.keyboard.press("ArrowDown")
    await page.get_by_role("button", name="Sam Supporter").press("Enter")
    await expect(page.get_by_text("assigned to Sam Supporter").first).to_be_visible()
    await expect(page.locator(".post--whisper")).to_contain_text("You know the writer best. cap")

    # there is nothing to claim any more, and this is no place to ask
    await page.keyboard.press("c")
    await page.keyboard.press("w")
    await page.keyboard.type("I look at it after lunch.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".post--whisper").nth(1)).to_contain_text("I look at it after lunch.")
    await expect(page.locator("#rb")).to_have_value("")
    assert "I look" not in await page.evaluate("JSON.stringify(localStorage)"), (
        "what was whispered is not offered again"
    )

    await page.keyboard.press("r")
    await page.keyboard.type("Use the writer. mbc")  # typing is typing, whatever the letters
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#post_4")).to_contain_text("Use the writer. mbc")
    assert await fetch_value("select state from ticket where id = $1", asked[1].ticket) == "answered"

    await page.goto(f"/p/pelican/inbox/{asked[2].ticket}")
    await page.keyboard.press("m")
    await page.keyboard.press("b")
    await expect(page.get_by_text("moved the thread to Bugs")).to_be_visible()
    await expect(page).to_have_url(f"{windows.url}/p/pelican/inbox/{asked[2].ticket}")
    assert await fetch_value("select state from ticket where id = $1", asked[2].ticket) == "suspended"
    await page.goto(f"/p/pelican/inbox/{asked[2].ticket}")
    await page.keyboard.press("p")
    back = f"/p/pelican/inbox/{asked[2].ticket}"
    await expect(page).to_have_url(f"{windows.url}/t/{asked[2].posted.thread}/promotion?back={back}")

    await page.goto("/p/pelican/inbox")
    await expect(page.locator("#th")).to_have_text(TITLES[0])
    await page.keyboard.press("r")
    await page.keyboard.type("Use the reader.")
    await page.keyboard.press("Control+Shift+Enter")
    await expect(page.locator("#post_2")).to_contain_text("Use the reader.")
    assert await fetch_value("select state from ticket where id = $1", asked[0].ticket) == "resolved"


async def test_the_list_of_keys_is_one_key_away_and_names_what_the_inbox_answers_to(
    windows: Windows, world: World
) -> None:
    asked = await world.ask(TITLES[0])
    await post_reply(await world.supporter.reader(), asked.posted.thread, "With which version?", purpose="facts")
    page = await windows.open(f"/p/pelican/inbox/{asked.ticket}", world.owner)
    answered = await page.evaluate("[...document.querySelectorAll('.inbox [data-key]')].map((e) => e.dataset.key)")
    await page.keyboard.press("?")
    await expect(page).to_have_url(windows.url + "/keyboard")
    listed = await page.evaluate(
        "[...document.querySelectorAll('.shortcuts dt + dd')]"
        ".map((e) => [...e.querySelectorAll('kbd')].map((k) => k.textContent).join(' '))"
    )
    assert set(answered) <= set(listed), set(answered) - set(listed)


async def test_duplicates_splitting_snoozing_and_resolving_are_by_keyboard_too(windows: Windows, world: World) -> None:
    asked = await world.ask(TITLES[0])
    await post_reply(await (await world.person("ben")).reader(), asked.posted.thread, "I have that, too.")
    here = f"/p/pelican/inbox/{asked.ticket}"
    page = await windows.open(here, world.owner)
    for second, path in (("m", f"/tickets/{asked.ticket}/joining"), ("p", f"/t/{asked.posted.thread}/split")):
        await page.goto(here)
        await page.keyboard.press("m")
        await page.keyboard.press(second)
        await expect(page).to_have_url(f"{windows.url}{path}?back={here}")
    await page.goto(here)
    await page.keyboard.press("c")
    await expect(page.get_by_text("assigned to Olga Owner").first).to_be_visible()
    await page.keyboard.press("b")
    await expect(page.get_by_role("button", name="Claim")).to_be_visible()
    await page.keyboard.press("r")
    await page.keyboard.press("Escape")  # out of the answer
    await page.keyboard.press("z")
    await page.keyboard.press("ArrowDown")
    await expect(page.locator(":focus")).to_contain_text("In 3 workdays")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Wake it now")).to_be_visible()
    await page.keyboard.press("z")
    await expect(page.get_by_role("button", name="Wake it now")).to_have_count(0)
    await page.keyboard.press("x")
    await expect(page.locator(".ticket > header")).to_contain_text("resolved")
    assert await fetch_value("select state from ticket where id = $1", asked.ticket) == "resolved"


async def test_that_a_colleague_is_writing_is_seen_and_the_asker_is_not_told(windows: Windows, world: World) -> None:
    asked = await world.ask(TITLES[0])
    sams = await windows.open(f"/p/pelican/inbox/{asked.ticket}", world.supporter)
    olgas = await windows.open(f"/p/pelican/inbox/{asked.ticket}", world.owner)
    anas = await windows.open(asked.posted.url, world.people["ana"])
    # both sockets are open when both have heard that somebody else asked
    await world.ask(TITLES[1], by="ben")
    for page in (sams, olgas):
        await expect(page.locator("li.q")).to_have_count(2)
    await sams.locator("#rb").press_sequentially("I begin")
    await expect(olgas.locator("#writing")).to_have_text("Sam Supporter is writing")
    await expect(sams.locator("#writing")).to_be_hidden()
    assert "is writing" not in await anas.content()
    # and on the thread's own page
    await olgas.goto(asked.posted.url)
    await expect(olgas.locator("#writing")).to_have_text("Sam Supporter is writing")
    assert await anas.locator("#writing").count() == 0


async def test_a_phone_shows_the_list_or_the_ticket(windows: Windows, world: World) -> None:
    asked = await world.ask(TITLES[0])
    page = await windows.open("/", world.owner, viewport=PHONE)
    dock = page.get_by_role("navigation", name="Quick access").get_by_role("link", name="Inbox")
    await expect(dock).to_contain_text("1 waiting")
    await dock.click()
    await expect(page.locator("#inbox_queue")).to_be_visible()
    await expect(dock).to_have_attribute("aria-current", "page")
    await expect(page.locator("section.ticket")).to_be_hidden()
    await page.get_by_role("link", name=TITLES[0]).click()
    await expect(page).to_have_url(f"{windows.url}/p/pelican/inbox/{asked.ticket}")
    await expect(page.locator("section.ticket")).to_be_visible()
    await expect(page.locator("#inbox_queue")).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.get_by_role("button", name="Claim").click()
    await expect(page.get_by_text("assigned to Olga Owner").first).to_be_visible()
    await page.get_by_role("link", name="Queue", exact=True).click()
    await expect(page.locator("#inbox_queue")).to_be_visible()


async def test_the_queue_moves_under_the_reader_and_the_open_ticket_stays_marked(
    windows: Windows, world: World
) -> None:
    first, second = [await world.ask(title, by=f"asker{n}") for n, title in enumerate(TITLES[:2])]
    page = await windows.open(f"/p/pelican/inbox/{second.ticket}", world.supporter)
    chosen = page.locator("li.q[aria-current]")
    await expect(chosen).to_have_id(f"q_{second.ticket}")
    await page.locator("#rb").fill("I am still writing this")
    await world.ask(TITLES[2], by="carl")
    await expect(page.locator("li.q")).to_have_count(3)
    await world.owner.post(f"/t/{first.posted.thread}/replies", {"markdown": "Use the reader."})
    await expect(page.locator("li.q")).to_have_count(2)
    await expect(chosen).to_have_id(f"q_{second.ticket}")
    await expect(chosen.locator(".pos")).to_have_text("1")
    assert await page.locator("#rb").input_value() == "I am still writing this"


async def test_choosing_a_project_brings_what_it_asks_for_and_keeps_what_was_typed(
    windows: Windows, world: World
) -> None:
    await create_project(
        world.owner.person or 0,
        NewProject("heron", "Heron", "Heron e.V.", guideline="Say your version.", terms="Feed the herons."),
    )
    await execute("update project set guideline = 'Which pelican?' where slug = 'pelican'")
    page = await windows.open("/new-thread", await world.person("ana"))
    await page.locator("#title").fill("How do I rotate a password?")
    await page.locator("#markdown").fill("I tried for an hour.")
    await page.get_by_text("for yourself").click()
    await page.get_by_label("Project", exact=True).select_option("heron")
    await expect(page.get_by_text("What the Heron team needs to know")).to_be_visible()
    await expect(page.get_by_label("I accept these terms.")).to_be_visible()
    await expect(page.locator("#route")).to_contain_text("This reads like Support for Heron")
    await expect(page.locator("#route")).to_contain_text("Then report it privately")
    await expect(page.locator("input[value=personal]")).to_be_checked()
    assert await page.locator("#markdown").input_value() == "I tried for an hour."
    await page.get_by_label("Report a security problem privately").check()
    await expect(page.locator("#route")).to_contain_text("This goes privately to the maintainers of Heron")
    await page.get_by_role("button", name="Submit without paying").click()
    await expect(page.get_by_text("private", exact=True).first).to_be_visible()
    assert await fetch_value("select visibility from thread where project_id <> $1", world.project) == "private"


async def test_a_row_brings_its_ticket_beside_a_list_that_stays_and_follows_it_live(
    windows: Windows, world: World
) -> None:
    first, second = [await world.ask(title, by=f"asker{n}") for n, title in enumerate(TITLES[:2])]
    page = await windows.open("/p/pelican/inbox", world.owner)
    await page.evaluate("window.stays = true")
    await page.locator("#rb").fill("Half an answer to the first")
    await page.get_by_role("link", name=TITLES[1]).click()
    await expect(page.locator("#th")).to_have_text(TITLES[1])
    await expect(page).to_have_url(f"{windows.url}/p/pelican/inbox/{second.ticket}")
    await expect(page.locator("li.q[aria-current]")).to_have_id(f"q_{second.ticket}")
    assert await page.evaluate("window.stays"), "the page is the same"
    await expect(page.locator("#rb")).to_have_value("")
    # what is written elsewhere arrives in what is shown, and there alone
    await post_reply(await world.supporter.reader(), first.posted.thread, "Of the first.", purpose="whisper")
    await post_reply(await world.supporter.reader(), second.posted.thread, "Of the second.", purpose="whisper")
    await expect(page.locator(".post--whisper")).to_have_count(1)
    await expect(page.locator(".post--whisper")).to_contain_text("Of the second.")
    # that one writes is said of the ticket that is shown
    sams = await windows.open(f"/p/pelican/inbox/{second.ticket}", world.supporter)
    await world.ask(TITLES[2], by="carl")
    for each in (page, sams):
        await expect(each.locator("li.q")).to_have_count(3)
    await page.locator("#rb").press_sequentially("I begin")
    await expect(sams.locator("#writing")).to_have_text("Olga Owner is writing")
    # what was begun before is there when one comes back, and the browser's way back leads there
    await page.get_by_role("link", name=TITLES[0]).click()
    await expect(page.locator("#rb")).to_have_value("Half an answer to the first")
    await page.go_back()
    await expect(page.locator("#th")).to_have_text(TITLES[1])
    await expect(page.locator("#rb")).to_have_value("I begin")


async def test_the_first_ticket_of_an_empty_inbox_is_opened_and_followed_as_any(windows: Windows, world: World) -> None:
    page = await windows.open("/p/pelican/inbox", world.owner)
    await expect(page.get_by_text("Nobody waits.").first).to_be_visible()
    await page.evaluate("window.stays = true")
    asked = await world.ask(TITLES[0])
    await page.get_by_role("link", name=TITLES[0]).click()
    await expect(page.locator("#th")).to_have_text(TITLES[0])
    await expect(page.locator("li.q[aria-current]")).to_have_id(f"q_{asked.ticket}")
    await post_reply(await world.supporter.reader(), asked.posted.thread, "A word.", purpose="whisper")
    await expect(page.locator(".post--whisper")).to_contain_text("A word.")
    assert await page.evaluate("window.stays")


async def test_a_claim_and_an_assignment_change_head_and_row_and_leave_what_is_being_typed(
    windows: Windows, world: World
) -> None:
    asked = await world.ask(TITLES[0])
    page = await windows.open(f"/p/pelican/inbox/{asked.ticket}?view=unassigned", world.owner)
    await page.evaluate("window.stays = true")
    await page.locator("#rb").fill("Half an answer")
    head, row = page.locator(".ticket > header"), page.locator(f"#q_{asked.ticket}")
    await head.get_by_role("button", name="Claim").click()
    await expect(head).to_contain_text("assigned to Olga Owner")
    await expect(row.get_by_role("img", name="assigned to Olga Owner")).to_be_visible()
    await expect(page.locator("#th a")).to_be_focused()
    await page.keyboard.press("a")
    await page.keyboard.type("Yours, I think")
    await head.get_by_role("button", name="Sam Supporter").click()
    await expect(head).to_contain_text("assigned to Sam Supporter")
    await expect(row.get_by_role("img", name="assigned to Sam Supporter")).to_be_visible()
    await expect(page.locator(".post--whisper")).to_contain_text("Yours, I think")
    await expect(page.locator("#rb")).to_have_value("Half an answer")
    assert await page.evaluate("window.stays && location.search") == "?view=unassigned"


async def test_with_nothing_typed_the_next_key_says_nothing_and_goes_on(windows: Windows, world: World) -> None:
    asked = [await world.ask(title, by=f"asker{n}") for n, title in enumerate(TITLES)]
    page = await windows.open("/p/pelican/inbox", world.owner)
    for title in TITLES:
        await expect(page.locator("#th")).to_have_text(title)
        await page.keyboard.press("n")
    await expect(page.get_by_text("That was the last one.")).to_be_visible()
    await expect(page.locator("#th")).to_have_text(TITLES[0])
    await page.goto(f"/p/pelican/inbox/{asked[0].ticket}?view=unassigned")
    await page.keyboard.press("n")
    await expect(page).to_have_url(f"{windows.url}/p/pelican/inbox/{asked[1].ticket}?view=unassigned")
    assert await fetch_value("select count(*) from post where number > 1") == 0
