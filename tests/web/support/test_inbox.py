"""The team's inbox, through its pages."""

import asyncio
import re

from forum.database.engine import execute, fetch_value
from tests.helpers.site import Site
from tests.helpers.tickets import asked, paid
from tests.helpers.world import World


async def test_queue_shows_in_strict_order_and_is_the_teams_alone(site: Site) -> None:
    world = await World.make(site)
    first = await world.ask("How do I read a file?", by="ana")
    second = await world.ask("How do I write a file?", by="ben")
    page = await world.supporter.get("/p/pelican/inbox")
    assert page.status_code == 200
    assert page.text.index("How do I read a file?") < page.text.index("How do I write a file?")
    assert (await world.outsider.get("/p/pelican/inbox")).status_code == 404
    assert (await site.guest().get("/p/pelican/inbox")).status_code == 303
    assert first.posted.thread != second.posted.thread


async def test_of_two_who_claim_one_wins_and_the_other_is_told_who(site: Site) -> None:
    world = await World.make(site)
    asked = await world.ask("How do I read a file?", by="ana")
    await world.supporter.post(f"/p/pelican/inbox/{asked.ticket}/claim")
    told = await world.owner.post(f"/p/pelican/inbox/{asked.ticket}/claim")
    page = await world.owner.get(told.headers["location"])
    assert "claimed this ticket first" in page.text
    assert await fetch_value("select assignee_id from ticket") == world.supporter.person


async def test_what_changes_a_ticket_brings_head_row_and_counts_with_script_and_a_page_without(site: Site) -> None:
    world = await World.make(site)
    one, other = [await world.ask(title, by="ana") for title in ("How do I read a file?", "How do I write a file?")]
    here = f"/p/pelican/inbox/{one.ticket}"
    done = await world.supporter.htmx(f"{here}/snooze", {"when": "workdays"})
    assert done.status_code == 200 and done.text.lstrip().startswith("<header>") and "snoozed until" in done.text
    assert f'<li id="q_{one.ticket}" hx-swap-oob="delete">' in done.text, "it has left the queue"
    assert 'id="n_snoozed">1<' in done.text and f"/inbox/{other.ticket}" not in done.text
    woken = await world.supporter.htmx(f"{here}/wake")
    assert 'id="n_snoozed"><' in woken.text and 'class="pos' in woken.text
    # in a list that is not the queue's it stays, and says what became of it
    listed = await world.supporter.htmx(f"{here}/snooze?view=unassigned", {"when": "workdays"})
    assert f'<li class="q" id="q_{one.ticket}" hx-swap-oob="true"' in listed.text and "until " in listed.text
    solved = await world.supporter.htmx(f"{here}/resolve?view=unassigned")
    assert 'id="n_resolved">1<' in solved.text and f"{here}/resolve" not in solved.text
    whole = await world.supporter.post(f"/p/pelican/inbox/{other.ticket}/snooze?view=unassigned", {"when": "workdays"})
    assert whole.headers["location"] == f"/p/pelican/inbox/{other.ticket}?view=unassigned"
    # what is refused is said in the head, and nothing is done
    refused = await world.supporter.htmx(f"/p/pelican/inbox/{other.ticket}/snooze", {"when": "day", "day": "soon"})
    assert refused.status_code == 422 and "Choose a day." in refused.text
    for stranger in (world.outsider, world.people["ana"]):
        for deed in ("snooze", "wake", "resolve"):
            assert (await stranger.htmx(f"{here}/{deed}", {"when": "workdays"})).status_code == 404


async def test_the_loser_of_a_claim_hears_it_in_what_is_swapped(site: Site) -> None:
    world = await World.make(site)
    asked = await world.ask("How do I read a file?", by="ana")
    here = f"/p/pelican/inbox/{asked.ticket}/claim"
    answers = await asyncio.gather(world.supporter.htmx(here), world.owner.htmx(here))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    name = "Sam Supporter" if answers[0] is won else "Olga Owner"
    assert f"{name} claimed this ticket first." in lost.text and "claimed this ticket first" not in won.text
    for answer in answers:
        assert f"assigned to {name}" in answer.text and 'data-key="c"' not in answer.text
        row = answer.text.split(f'id="q_{asked.ticket}"')[1]
        assert f'aria-label="assigned to {name}"' in row


async def test_answering_from_the_inbox_takes_the_ticket_out_of_the_queue(site: Site) -> None:
    world = await World.make(site)
    asked = await world.ask("How do I read a file?", by="ana")
    sent = await world.supporter.post(
        f"/p/pelican/inbox/{asked.ticket}/answers", {"markdown": "With `open`.", "then": "next"}
    )
    assert sent.status_code == 303
    assert await fetch_value("select state from ticket") == "answered"
    assert await fetch_value("select unpaid from queue") == 0
    page = await world.supporter.get("/p/pelican/inbox")
    assert "Nobody waits" in page.text


async def test_a_row_brings_the_ticket_alone_and_is_the_teams_alone(site: Site) -> None:
    world = await World.make(site)
    asked = await world.ask("How do I read a file?")
    here, swapping = f"/p/pelican/inbox/{asked.ticket}", {"HX-Request": "true"}
    pane = await world.supporter.http.get(here, headers=swapping)
    assert pane.status_code == 200 and pane.text.lstrip().startswith('<section class="ticket"')
    assert "How do I read a file?" in pane.text and 'id="inbox_queue"' not in pane.text
    whole = (await world.supporter.get(here)).text
    assert "<html" in whole and f'hx-get="{here}"' in whole and f'href="{here}"' in whole
    for other in (world.outsider, world.people["ana"]):
        denied = await other.http.get(here, headers=swapping)
        assert denied.status_code == 404 and "I tried" not in denied.text


async def test_an_unpaid_row_names_the_share_only_where_a_paid_one_stands_behind_it(site: Site) -> None:
    world = await World.make(site)
    for n in range(5):
        await paid(await asked(world, f"Paid {n}, how do I read a file?", by=f"payer{n}"))
    unpaid = [await asked(world, f"Unpaid {n}, how do I read a file?", by=f"asker{n}") for n in range(3)]

    async def told(path: str = "") -> list[str]:
        text = (await world.supporter.get(f"/p/pelican/inbox{path}")).text
        assert text.count('<li class="q"') in (8, 3)
        return re.findall(r"unpaid, [^<]+|oldest first", text)

    oldest = "oldest first"
    # four paid, the unpaid ones' turn, the last paid, and who has nobody paid behind them
    for path in ("", "?view=unassigned", "?line=unpaid"):
        assert await told(path) == ["unpaid, 1 in 5", oldest, oldest], path
    head = [(await world.supporter.get(f"/p/pelican/inbox/{one.ticket}")).text for one in unpaid[:2]]
    promise = "% of the answers go to such, and"
    assert promise in head[0] and promise not in head[1]
    assert "Nothing was paid for it; 1 unpaid one has waited longer." in head[1]
    for share, first in ((30, "unpaid, 3 in 10"), (0, oldest), (100, oldest)):
        await execute("update queue set share = $1", share)
        assert (await told())[0] == first, share
