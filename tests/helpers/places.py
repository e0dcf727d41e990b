"""A small world in which every page of the site has something to show, and the list of those pages."""

import asyncio
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from categories.forms.privacy import ask_to_publish
from categories.proofs.actions import Asker, ask_for, begin_asker, show
from categories.support.actions import claim
from forum.database.engine import execute, fetch, fetch_value
from forum.mail.arriving.door import Mailed, take_in
from forum.mail.letters import mail_domain
from forum.notifications.actions import tell
from forum.notifications.unsubscribe import ways_out
from forum.threads.actions import accept_answer, close_thread, react
from forum.threads.drafts import keep_draft
from forum.threads.editing import edit_post
from forum.threads.writing import post_reply
from payouts.bumps.actions import book
from payouts.bumps.refunds import book_refund
from tests.helpers.desk import desk
from tests.helpers.github_places import REPOSITORY, repository_on_github
from tests.helpers.mail_in import mail
from tests.helpers.money import bump, by_stripe, paid_bump
from tests.helpers.payouts import divided
from tests.helpers.site import Browser, links
from tests.helpers.stackexchange import bring_example
from tests.helpers.tickets import Asked
from tests.helpers.world import World

LONG = 45
UNBROKEN = "df.with_columns(utc=pl.col('local').localize('Europe/Vienna').resample(flush='partial'))"
TEXT = """I call `resample()` and the **last** window is gone, see #12 and <https://example.org/a/long/address>.

> What does it print?

- [x] read the manual
- [ ] understood it

| function | what it does with a window that is not full |
| --- | --- |
| `resample()` | nothing |

```python
import pelican as pl
src = pl.scan_parquet("x")  # a comment on a line that is long enough to need a scroll bar on every kind of screen
assert src.height == 35_041
```

1. first, @sam
2. second :smile:

### What I tried

<details><summary>Log</summary>

    nothing to see

</details>
"""


class Place(NamedTuple):
    """A page: a name for reports, its address, and who looks at it (None: a guest)."""

    name: str
    path: str
    person: Browser | None = None


async def a_letter(world: World) -> str:
    """The path of the link in the mail that a stranger got."""
    to = f"pelican@{mail_domain(world.site.settings)}"
    raw = mail("nora@example.net", to, "The last window is gone.\n\nWhat can I do?", subject="Windows")
    await take_in(Mailed("nora@example.net", [to], raw))
    await take_in(Mailed("", [to], b"not a mail"))
    for _look in range(400):
        # where a site is served its worker sends it, else it is sent here
        await world.site.jobs()
        found = [link for text in world.site.mails() for link in links(text) if "/mail/" in link]
        if found:
            return urlsplit(found[0]).path
        await asyncio.sleep(0.025)
    raise AssertionError("the stranger got no mail")


async def unreachable(world: World) -> Browser:
    browser = await world.person("uma")
    await execute("update person set mail_stopped_at = now() where id = $1", browser.person)
    return browser


@dataclass
class Places:
    """The world's pages."""

    world: World
    pages: list[Place]

    @classmethod
    async def make(cls, world: World) -> "Places":
        await execute("delete from rate")
        sam, olga = await world.supporter.reader(), await world.owner.reader()
        admin = await world.site.member("adam", admin=True)
        asked = await world.ask("How do I resample without losing the last window?", markdown=TEXT, by="ana")
        ana = world.people["ana"]
        thread, reader = asked.posted.thread, await ana.reader()
        answer = await post_reply(sam, thread, 'Pass `flush="partial"`.\n\n> the **last** window is gone')
        await post_reply(sam, thread, "She means the old function.", purpose="whisper")
        await edit_post(sam, answer.post, 'Pass `flush="partial"` to `collect()`.', reason="name of the function")
        await react(reader, answer.post, "thanks", on=True)
        await react(olga, asked.posted.post, "same", on=True)
        waiting = await world.ask("How do I plot 10,000 points, without waiting?", by="bea", markdown=TEXT)
        claimed = await world.ask("How do I install it on a machine without network?", by="carl")
        assert claimed.ticket is not None and waiting.ticket is not None
        await claim(sam, claimed.ticket)
        await keep_draft(await world.people["bea"].reader(), f"thread:{thread}", markdown="I begin to write.")
        await keep_draft(reader, "new", title="How do I", markdown="begin a thread?", data={})
        draft = await world.ask("How do I keep a draft?", by="ana", as_draft=True)
        await execute("update selling set tax_rate = 1900, payment_details = 'Pelican Foundation, IBAN DE00 1234'")
        one = Asked(world, waiting.ticket, waiting.posted.thread, waiting.posted.url, world.people["bea"])
        paid, unpaid = await paid_bump(one, 5000), await bump(one, 12_300)
        invoice = await fetch_value("select id from invoice where bump_id = $1", paid["id"])
        by_card, in_bank = await by_stripe(unpaid, "open"), await by_stripe(unpaid, "waiting")
        disputed = await by_stripe(unpaid, "paid", dispute="needs_response")
        await book(disputed)
        await book_refund(disputed, "re_places", 1000)
        long = await world.ask("Everything about windows", category="bugs", by="ana")
        for number in range(2, LONG + 1):
            await execute("delete from rate")
            # a line that nothing breaks by itself, where excerpts show it
            code = UNBROKEN if number == 2 else ""
            await post_reply(sam if number % 3 else reader, long.posted.thread, f"Post {number}. {code}")
        await accept_answer(reader, long.posted.thread, 2)
        await close_thread(reader, long.posted.thread)
        secret = await world.ask("A hole in resample()", category="security", by="ana")
        await execute(
            "insert into incoming (source, foreign_id, kind, lane, body, tries, next_at, handled_at, failure)"
            " select 'stripe', 'evt_1TqLnZK8' || n, 'checkout.session.completed', n::text, '{}', n,"
            " case when n < 2 then now() end, case when n = 2 then now() end,"
            " case when n in (1, 3) then 'LookupError: nobody here knows this payment' else '' end"
            " from generate_series(0, 3) n"
        )
        imported = await bring_example("pelican")
        moved = await repository_on_github(world)
        proven, open_ = [
            await begin_asker(await world.people["bea"].reader(), Asker(name, "https://github.com/heron/pond"))
            for name in ("Pond", "Reed")
        ]
        await show(await world.people["bea"].reader(), proven, "repository_file", "https://github.com/heron/pond")
        granted = await world.ask("How do I build it for another system?", by="bea", capacity="project")
        await ask_for(await world.people["bea"].reader(), granted.ticket or 0, proven)
        token = "a-token-that-is-not-alive"
        await tell(ana.person or 0, "answer", key="told", project=world.project, thread=thread, post=2)
        await tell(ana.person or 0, "accepted", key="more", project=world.project, thread=thread)
        way_out = f"/unsubscribe/{(await ways_out([sam.person], 'digest'))[sam.person]}"
        here, t = "/p/pelican", asked.posted.url
        post = await fetch_value("select id from post where thread_id = $1 and number = 1", thread)
        pages = [
            Place("home", "/"),
            Place("home of the asker", "/", ana),
            Place("home of the team", "/", world.supporter),
            Place("latest", "/latest"),
            Place("new", "/new", world.people["bea"]),
            Place("unread", "/unread", world.people["bea"]),
            Place("top", "/top"),
            Place("unanswered", "/unanswered"),
            Place("threads of a project", "/c/pelican"),
            Place("threads of a category", "/c/pelican/support", ana),
            Place("thread, guest", t),
            Place("thread, asker", t, ana),
            Place("thread, team", t, world.supporter),
            Place("thread, owner", t, world.owner),
            Place("thread, reply draft", t, world.people["bea"]),
            Place("long thread", f"{long.posted.url}/21", ana),
            Place("long closed thread, guest", f"{long.posted.url}/45"),
            Place("promotion, no App", f"/t/{long.posted.thread}/promotion", world.owner),
            Place("imported question, guest", imported),
            Place("imported question, team", imported, world.supporter),
            Place("profile, imported", "/u/7@pond.stackexchange.com"),
            Place("draft thread", draft.posted.url, ana),
            Place("security thread", secret.posted.url, world.owner),
            Place("ask, guest", "/new-thread"),
            Place("ask", "/new-thread?title=How+do+I+resample+windows&project=pelican", ana),
            Place("edit first post", f"/posts/{post}/edit", ana),
            Place("revisions", f"/posts/{answer.post}/revisions"),
            Place("drafts", "/u/ana/drafts", ana),
            Place("profile", "/u/ana"),
            Place("own profile", "/u/ana", ana),
            Place("activity", "/u/sam/activity"),
            Place("preferences", "/u/ana/preferences", ana),
            Place("search, empty", "/search"),
            Place("search", "/search?q=window"),
            Place("search, nothing", "/search?q=zzyzx", ana),
            Place("similar", f"/t/{thread}/similar"),
            Place("projects", "/projects"),
            Place("new project", "/new-project", ana),
            Place("project", here),
            Place("project, owner", here, world.owner),
            Place("supporters", f"{here}/supporters"),
            Place("supporters, owner", f"{here}/supporters?period=all", world.owner),
            Place("points behind a figure", f"{here}/supporters/sam", ana),
            Place("no points", f"{here}/supporters/ana?period=year"),
            Place("ledger", f"{here}/ledger"),
            Place("ledger, team", f"{here}/ledger?period=all", world.owner),
            Place("ledger, nothing then", f"{here}/ledger?period=2101"),
            Place("plans", f"{here}/plans"),
            Place("plans, asker", f"{here}/plans", world.people["bea"]),
            Place("move up", f"/tickets/{one.ticket}/bump", world.people["bea"]),
            Place("move up, sum", f"/tickets/{one.ticket}/bump?amount=75.50", world.people["bea"]),
            Place("thread, payer", one.url, world.people["bea"]),
            Place("bump to pay", f"/bumps/{unpaid['id']}", world.people["bea"]),
            Place("bump to pay, owner", f"/bumps/{unpaid['id']}", world.owner),
            Place("bump paid", f"/bumps/{paid['id']}", world.people["bea"]),
            Place("bump to pay by card", f"/bumps/{by_card}", world.people["bea"]),
            Place("bump, bank is asked", f"/bumps/{in_bank}", world.people["bea"]),
            Place("bump disputed, owner", f"/bumps/{disputed}", world.owner),
            Place("bumps", f"{here}/bumps", world.owner),
            Place("invoice", f"/invoices/{invoice}", world.people["bea"]),
            Place("invoices", "/u/bea/invoices", world.people["bea"]),
            Place("selling", f"{here}/settings/selling", world.owner),
            Place("dashboard", f"{here}/dashboard", world.supporter),
            Place("settings", f"{here}/settings", world.owner),
            Place("team", f"{here}/settings/team", world.owner),
            Place("proof", f"{here}/settings/proof", world.owner),
            Place("proofs, none yet", "/proofs", world.outsider),
            Place("proofs", "/proofs", world.people["bea"]),
            Place("proof of who asks", f"/proofs/{proven}", world.people["bea"]),
            Place("proof of who asks, not yet", f"/proofs/{open_}", world.people["bea"]),
            Place("thread, asked for a project", granted.posted.url, world.people["bea"]),
            Place("import", f"{here}/settings/import", world.owner),
            Place("inbox", f"{here}/inbox", world.supporter),
            Place("inbox, mine", f"{here}/inbox?view=mine", world.supporter),
            Place("inbox, empty", f"{here}/inbox?view=closed", world.owner),
            Place("inbox, ticket", f"{here}/inbox/{waiting.ticket}", world.owner),
            Place("sign in", "/login"),
            Place("sign up", "/signup"),
            Place("sign out", "/logout", ana),
            Place("reset", "/reset"),
            Place("new password, stale link", f"/reset/{token}"),
            Place("confirm, stale link", f"/confirm/{token}"),
            Place("keyboard", "/keyboard"),
            Place("about", "/about"),
            Place("guidelines", "/guidelines"),
            Place("terms", "/tos"),
            Place("privacy", "/privacy"),
            Place("mails", "/admin/mail", admin),
            Place("claims", "/admin/claims", admin),
            Place("mail that came in", "/admin/mail/in", admin),
            Place("letter, stale link", f"/mail/{token}"),
            Place("letter", await a_letter(world)),
            Place("home of who cannot be reached", "/", await unreachable(world)),
            Place("incoming", "/admin/incoming", admin),
            Place("incoming, given up", "/admin/incoming?state=given-up", admin),
            Place("switches", "/admin/site", admin),
            Place("GitHub, no App", "/admin/github", admin),
            Place("repository, admin", f"/admin/github/repositories/{REPOSITORY}", admin),
            Place("GitHub, settings", f"{here}/settings/github", world.owner),
            Place("GitHub, repository", f"{here}/settings/github/{REPOSITORY}", world.owner),
            Place("moved from GitHub, guest", moved),
            Place("moved from GitHub", moved, ana),
            Place("all mails", "/admin/mail/preview", admin),
            Place("notices", "/u/ana/notifications", ana),
            Place("notices, none", "/u/adam/notifications", admin),
            Place("mail preferences", "/u/sam/preferences/mail", world.supporter),
            Place("another address", "/u/ana/preferences/address", ana),
            Place("another address, stale link", f"/address/{token}"),
            Place("words of mails", f"{here}/settings/mail", world.owner),
            Place("way out", way_out),
            Place("not found", "/t/nothing/999"),
            *(Place(*each) for each in await divided(world)),
            *(Place(*each) for each in await desk(world)),
            Place("calendar", f"{here}/settings/calendar", world.owner),
            Place("queue policy", f"{here}/settings/queue", world.owner),
            Place("queue policy, tried", f"{here}/settings/queue?share=100&guarantee_unpaid=3", world.owner),
            Place("still needed", f"/tickets/{one.ticket}/still-needed", world.people["bea"]),
            Place("inbox, unassigned by plan", f"{here}/inbox?view=unassigned&line=paid", world.owner),
            Place("inbox, views", f"{here}/inbox/views?view=mine", world.owner),
            Place("inbox, claimed before", f"{here}/inbox/{claimed.ticket}?told=taken", world.owner),
            Place("preferences, team", "/u/sam/preferences", world.supporter),
            *(Place(*each) for each in await asked_about(world, admin)),
        ]
        return cls(world, pages)


async def asked_about(world: World, admin: Browser) -> list[tuple[str, str, Browser | None]]:
    """The pages of forms, terms and private tickets, with something on each."""
    here = "/p/pelican/settings"
    rows = (("version", "Pelican version", "true"), ("choice", "Platform", "false"), ("log", "Log", "false"))
    rows += (("check", "I read the manual and found nothing", "true"),)
    for position, (kind, label, needed) in enumerate(rows):
        await execute(
            "insert into ask_field (category_id, position, kind, label, help, options, is_required)"
            " values ($1, $2, $3, $4, 'pelican doctor prints it.', $5, $6::text::boolean)",
            await world.category("support"),
            position,
            kind,
            label,
            ["Linux x86-64", "macOS"] if kind == "choice" else [],
            needed,
        )
    await execute("insert into asking values ($1, 'choice', 40)", world.project)
    await execute(
        "insert into pinned_link (project_id, position, title, url) values ($1, 0, 'Installing it', 'https://docs.example.org/a')",
        world.project,
    )
    for version, body in ((1, "No shouting."), (2, "No shouting, *ever*.")):
        await execute(
            "insert into terms (project_id, kind, version, body) values ($1, 'conduct', $2, $3)",
            world.project,
            version,
            body,
        )
    answers = {"Pelican version": "3.2.2", "Platform": "macOS", "I read the manual and found nothing": "yes"}
    answers["Log"] = "\n".join(f"line {n}" for n in range(300))
    fields = await fetch("select id, label from ask_field")
    told = {f"field-{row['id']}": answers[row["label"]] for row in fields}
    private = await world.ask(
        "How do I read our own file?", by="bea", only_team=True, answers=lambda name: told.get(name, "")
    )
    await ask_to_publish(await world.supporter.reader(), private.posted.thread)
    draft = await world.ask("How do I begin to ask?", by="dora", as_draft=True)
    return [
        ("ask, with a form", "/new-thread?project=pelican&title=How+do+I+read+it", world.people["dora"]),
        ("draft with a form", draft.posted.url, world.people["dora"]),
        ("private ticket, asker", private.posted.url, world.people["bea"]),
        ("private ticket, team", private.posted.url, world.supporter),
        ("form fields", f"{here}/fields", world.owner),
        ("asking settings", f"{here}/asking", world.owner),
        ("terms settings", f"{here}/terms?kind=conduct", world.owner),
        ("terms of the site", "/admin/terms", admin),
        ("versions of terms", "/p/pelican/terms", None),
        ("versions of the site's terms", "/tos/versions", None),
    ]
