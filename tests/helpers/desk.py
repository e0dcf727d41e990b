"""A desk in use: templates, a snoozed ticket, duplicates that are merged, a link, a split, and their pages."""

from datetime import UTC, datetime, timedelta

from categories.support.joining.linking import link
from categories.support.joining.merging import merge
from categories.support.replies.actions import Written, adopt, create
from categories.support.snoozing.actions import snooze
from forum.database.engine import execute
from forum.threads.splitting import split
from forum.threads.writing import post_reply
from tests.helpers.site import Browser
from tests.helpers.tickets import asked
from tests.helpers.world import World


async def desk(world: World) -> list[tuple[str, str, Browser]]:
    """The pages that have something to show then, as (name, address, who looks)."""
    await execute("delete from rate")
    owner, sam = await world.owner.reader(), await world.supporter.reader()
    shared = await adopt(owner, world.project, "facts")
    await create(owner, world.project, Written("known", "A known issue", "Hello {asker}, see {link}.", is_own=False))
    own = await create(sam, world.project, Written("hi", "My hello", "Hello {asker}! **{versions}**\n\n{me}"))
    one = await asked(world, "How do I read a folder of parquet files at once?", by="dora")
    twin = await asked(world, "Reading a whole folder of parquet files", by="emil")
    other = await asked(world, "How do I read a folder of files of two kinds?", by="fred")
    await merge(owner, twin.ticket, one.ticket)
    await link(owner, one.ticket, other.thread, together=True)
    await post_reply(await (await world.person("gina")).reader(), one.thread, "And how do I write a folder of them?")
    await post_reply(sam, one.thread, "Use `sink_parquet()` with a partition.")
    await split(owner, one.thread, [2], "How do I write a folder of parquet files?", await world.category("support"))
    await snooze(sam, other.ticket, datetime.now(UTC) + timedelta(days=3))
    here = "/p/pelican/settings/templates"
    return [
        ("templates", here, world.owner),
        ("templates, supporter", here, world.supporter),
        ("template, new", f"{here}/new", world.supporter),
        ("template", f"{here}/{shared}", world.owner),
        ("template, read only", f"{here}/{shared}", world.supporter),
        ("template, own", f"{here}/{own}", world.supporter),
        ("thread, joined", one.url, world.owner),
        ("thread, joined, asker", one.url, one.ana),
        ("thread, merged", twin.url, twin.ana),
        ("merge or link", f"/tickets/{one.ticket}/joining", world.owner),
        ("merge or link, looked for", f"/tickets/{one.ticket}/joining?q=files", world.owner),
        ("merging", f"/tickets/{other.ticket}/merging?into={one.ticket}", world.owner),
        ("splitting", f"/t/{one.thread}/split?from=3", world.owner),
        ("inbox, snoozed", "/p/pelican/inbox?view=snoozed", world.supporter),
        ("inbox, snoozed ticket", f"/p/pelican/inbox/{other.ticket}", world.supporter),
    ]
