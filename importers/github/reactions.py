"""Who reacted there becomes who reacted here, with the faces that have a counterpart; no points follow from it."""

from collections.abc import Iterable, Mapping

from forum.database.engine import Row, action, execute, fetch, fetch_one
from forum.events import hint
from forum.outside.github import Refused
from forum.outside.github_reading import Reading
from importers.github.place import Place
from importers.github.records import Login, person_of

# Posts between one look at what is still to be done and the next.
BATCH = 20


def kind_of_face(face: str, is_first: bool) -> str | None:
    """Our reaction for one of theirs (pure): a thumb under an issue says "same problem", under an answer "like"."""
    match face:
        case "+1":
            return "same" if is_first else "like"
        case "heart":
            return "thanks" if not is_first else "like"
        case "hooray" | "rocket":
            return "like"
    return None


async def pending(name: str) -> list[Row]:
    """The next posts whose reactions changed there since their names were read."""
    return await fetch(
        "select s.foreign_id, s.counted, s.post_id from github_said s where s.name = $1 and s.counted <> s.taken"
        " and s.post_id is not null and not s.is_gone order by s.post_id limit $2",
        name,
        BATCH,
    )


def address_of(place: Place, foreign_id: str) -> str:
    """Where the reactions to an issue or a comment are listed; "" for one in a discussion, which GraphQL tells."""
    kind, _colon, number = foreign_id.rpartition(":")
    if kind == "comment":
        return f"/repos/{place.repository}/issues/comments/{number}/reactions?per_page=100"
    if kind:
        return ""
    return f"/repos/{place.repository}/issues/{foreign_id.rpartition('#')[2]}/reactions?per_page=100"


async def take(place: Place, reading: Reading, row: Mapping[str, object]) -> None:
    """Read who reacted to one post, and let it be so here. Raises Limited, Unsure."""
    foreign_id = str(row["foreign_id"])
    address = address_of(place, foreign_id)
    try:
        told = await reading.rows(address) if address else None
    except Refused:
        told = None
    if told is None:
        # it is gone there, or not for us: what is known stays
        await execute("update github_said set taken = counted where foreign_id = $1", foreign_id)
        return
    given = [
        (who, str(each.get("content")))
        for each in told
        if isinstance(each, dict) and (who := person_of(each.get("user"))) is not None
    ]
    await store_reactions(place, foreign_id, given)


@action
async def store_reactions(place: Place, foreign_id: str, given: Iterable[tuple[Login, str]]) -> bool:
    """Let a post have these reactions from there, beside those given here; whether that changed anything."""
    place.people.forget()
    post = await fetch_one(
        "select p.id, p.number, p.thread_id, coalesce(w.same_as, w.id) as author, p.reactions from github_said s"
        " join post p on p.id = s.post_id join person w on w.id = p.author_id join thread t on t.id = p.thread_id"
        " where s.foreign_id = $1 for update of t",
        foreign_id,
    )
    if post is None:
        return False
    wanted = set()
    for who, face in given:
        if kind := kind_of_face(face, post["number"] == 1):
            wanted.add((await place.people.person(who), kind))
    people, kinds = zip(*wanted, strict=True) if wanted else ((), ())
    await execute(
        "with w as (select distinct coalesce(x.same_as, x.id) as person_id, n.kind"
        " from unnest($2::bigint[], $3::text[]) n(id, kind) join person x on x.id = n.id"
        " where coalesce(x.same_as, x.id) <> $4), gone as (delete from reaction r where r.post_id = $1"
        " and r.origin = 'github' and not exists (select 1 from w where w.person_id = r.person_id and w.kind = r.kind))"
        " insert into reaction (post_id, person_id, kind, origin) select $1, w.person_id, w.kind, 'github' from w"
        " on conflict do nothing",
        post["id"],
        list(people),
        list(kinds),
        post["author"],
    )
    counted = await fetch("select kind, count(*) as n from reaction where post_id = $1 group by kind", post["id"])
    shown = {row["kind"]: row["n"] for row in counted}
    await execute("update github_said set taken = counted where foreign_id = $1", foreign_id)
    place.people.keep()
    if shown == {kind: n for kind, n in post["reactions"].items() if n}:
        return False
    await execute(
        "with t as (update thread set version = version + 1 where id = $2 returning version)"
        " update post set version = t.version, reactions = $3 from t where post.id = $1",
        post["id"],
        post["thread_id"],
        shown,
    )
    hint("thread", post["thread_id"])
    return True
