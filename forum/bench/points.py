"""The row of the leaderboard: its time over a million reputation events, to that over a thousand, in one run."""

import time
from datetime import UTC, datetime

from forum.bench.databases import POINTS, Databases
from forum.bench.rows import Row, percentile, row
from forum.database.engine import connect, disconnect
from forum.web.reader import GUEST, Reader
from reputation.queries import board_of, points_by_month
from reputation.rules import PERIODS, period_of

FEW, MANY = 1_000, 1_000_000
ROUNDS = 60

# Two projects with the same people over the same three years, one with a thousand events and one with a million; one in
# two hundred is a placeholder that somebody claimed. The events are laid down as they are (the rows they name are no
# matter here), and their totals counted by the same view that proves them.
FILL = f"""
set session_replication_role = replica;
insert into person (username) select 'person' || n from generate_series(1, 5000) n;
insert into person (username, kind, same_as) select 'claimed' || n || '@github.com', 'placeholder', n * 190
    from generate_series(1, 25) n;
insert into legal_entity (name) values ('Bench');
insert into project (slug, name, legal_entity_id) values ('few', 'Few', 1), ('many', 'Many', 1);
insert into project_member (project_id, person_id, role) select p, n, 'supporter' from generate_series(1, 2) p,
    generate_series(1, 20) n;
insert into reputation_event (cause, turn, kind, person_id, project_id, thread_id, post_id, from_id, reach, points, stands,
    day, at)
select 'bench:' || project || ':' || n, 1, case when n % 9 = 0 then 'accepted' else 'like' end,
    1 + (5025 * power(n::bigint * 7919 % 100003 / 100003.0, 3))::bigint % 5025, project, 1, 1, 1,
    case when n % 20 = 0 then 'members' else 'public' end, case when n % 9 = 0 then 15 else 5 end, true, at::date, at
from (select 1 as project, {FEW} as most union all select 2, {MANY}) p, generate_series(1, most) n,
    lateral (select now() - make_interval(hours => (n::bigint * 104729 % 26280)::int) as at) a;
select reputation_recount();
"""


async def once(reader: Reader, project: int) -> float:
    """Seconds of the board's statements, the lines of months included, each period once."""
    today = datetime.now(UTC).date()
    began = time.perf_counter()
    for name in PERIODS:
        rows, _below = await board_of(reader, project, period_of(name, today))
        await points_by_month(reader, project, [each["id"] for each in rows], today)
    return time.perf_counter() - began


async def leaderboard_row(databases: Databases) -> Row:
    """Milliseconds of the leaderboard, all four periods together, over a million events and over a thousand; for guests
    and for who is signed in by turns, both projects by turns, so that the machine's moods reach both."""
    await databases.ensure_points(FILL)
    await connect(databases.url(POINTS), size=2)
    try:
        times: dict[int, list[float]] = {1: [], 2: []}
        for n in range(ROUNDS + 10):
            for project in times:
                took = await once((GUEST, Reader(id=1))[n % 2], project)
                if n >= 10:  # the first rounds prepare the statements
                    times[project].append(took)
        few, many = (1e3 * percentile(times[project], 0.5) for project in (1, 2))
        return row("leaderboard_1m", many, few)
    finally:
        await disconnect()
