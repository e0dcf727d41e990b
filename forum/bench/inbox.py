"""The row of the inbox: its first page where a hundred thousand wait, beside the same where a thousand do."""

from statistics import median

from forum.bench import load
from forum.bench.bumps import signed_in
from forum.bench.databases import QUEUE, Databases
from forum.bench.load import get
from forum.bench.rows import Row, row
from forum.bench.servers import served
from forum.database.engine import connect, disconnect, execute, fetch_value

ROUNDS = 6
# saved views that combine filters, the ones that nobody keeps count of
VIEWS = """
with gone as (delete from inbox_view)
insert into inbox_view (project_id, person_id, name, bucket, line, tag, place, made_by)
select p.id, null, v.bucket, v.bucket, v.line, v.tag, 1, (select id from person where username = 'sam')
  from project p, (values ('unassigned', 'unpaid', ''), ('unassigned', 'paid', ''), ('due', 'unpaid', ''),
                          ('answered', 'paid', ''), ('unassigned', 'unpaid', 'bench')) v(bucket, line, tag)
 where p.slug in ('bench', 'small')
"""
SECONDS = 1.5


async def inbox_row(databases: Databases) -> Row:
    """Milliseconds of the inbox as its team sees it, in turns with the small one; the median of all answers."""
    await databases.ensure_queue()
    url, data = databases.url(QUEUE), databases.folder / "data"
    await connect(url, size=2)
    try:
        await execute(VIEWS)
        sam = await signed_in(await fetch_value("select id from person where username = 'sam'"))
    finally:
        await disconnect()
    times: dict[str, list[float]] = {"bench": [], "small": []}
    async with served(data, url, databases.folder / "serve.log", "--no-worker") as server:
        for n in range(ROUNDS + 1):
            for slug, found in times.items():
                ask = get(f"/p/{slug}/inbox", server.port, sam.cookie)
                tally = await load.load(server.port, repeated(ask), SECONDS, clients=1)
                if n:  # the first round prepares the statements
                    found += tally.times
    many, few = (1000 * median(found) for found in times.values())
    return row("inbox_100k", many, few)


def repeated(ask: bytes) -> list[bytes]:
    """More of it than can be asked in a round."""
    return [ask] * 20_000
