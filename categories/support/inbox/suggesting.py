"""Which ticket is best in a reader's hands next, for projects that want that suggested."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from categories.support.inbox.buckets import visible_pairs
from categories.support.policy import Policy
from categories.support.sharing import next_for
from forum.database.engine import fetch

# How many of those who wait are thought of: the order of the queue stays the rule, and nobody is asked to jump far.
AHEAD = 8

# How many answers of each of the team were accepted under a tag of the ticket; where it has no tag, a quarter of those in
# its category, which say less.
ACCEPTED = """
select k.id as ticket, e.person_id as person, greatest(sum(sign(e.points)), 0)::integer
       / case when exists (select 1 from thread_tag x where x.thread_id = k.thread_id) then 1 else 4 end as n
  from ticket k join thread t on t.id = k.thread_id
  join reputation_event e on e.project_id = k.project_id and e.kind = 'accepted' and e.person_id = any($3)
   and e.day > current_date - 365 and e.reach <> 'few'
  join thread o on o.id = e.thread_id
 where k.project_id = $1 and k.id = any($2)
   and case when exists (select 1 from thread_tag x where x.thread_id = t.id)
       then exists (select 1 from thread_tag x join thread_tag y on y.tag_id = x.tag_id
                     where x.thread_id = t.id and y.thread_id = o.id)
       else o.category_id = t.category_id end
 group by k.id, e.person_id
"""


async def yours_next(
    project: int, policy: Policy, free: Sequence[int], team: Sequence[Mapping[str, Any]]
) -> Callable[[int], int | None]:
    """Of the tickets that wait and that nobody has (`free`, in queue order) the one that is best in a person's hands, for
    each of the team; None where the project does not want that suggested, or none is. `team`: as `team_at` gives it. Two
    statements."""
    free = free[:AHEAD]
    if policy.assigning != "suggest" or not free:
        return lambda _person: None
    may_have = await visible_pairs(project, free)
    people = [each["person_id"] for each in team if each["is_there"]]
    rows = await fetch(ACCEPTED, project, free, people)
    accepted = {(row["person"], row["ticket"]): row["n"] for row in rows}
    members = [m["member"] for m in team]
    return lambda person: next_for(person, free, members, policy.claims_most, accepted, may_have)
