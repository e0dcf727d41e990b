"""Logins become placeholder people: `login@github.com`, without an account and without a bare handle.

Known by GitHub's number where the source tells it, since a login can be given up and taken by somebody else:

- number known here: that person, whatever they are called today;
- number new, login known here without a number (from an archive): that person, who gets the number;
- number new, login known here with another number: somebody else who took the login over. They become
  `login~2@github.com` (`~` occurs in no login); the bare login goes on meaning the first holder;
- no number told: whoever first held the login.

A placeholder that was claimed stays as it is; reads resolve `same_as`.
"""

from dataclasses import dataclass, field

from forum.database.engine import fetch, fetch_one, fetch_value
from forum.origins import remember
from forum.outside.github import WEB
from importers.github.records import Login

SOURCE = "github"
HOST = "github.com"
# More people of one login than GitHub's own waiting time for freed logins allows.
HOLDERS = 100


def foreign_ids(who: Login) -> list[str]:
    """What a login is known by: its number, its name."""
    number = [f"user:{who.id}"] if who.id is not None else []
    return [*number, f"login:{who.login.casefold()}"]


@dataclass
class People:
    """The people met so far, on the GitHub at `web`. What a transaction learns counts once it is committed: `keep`, else `forget`."""

    web: str = WEB
    known: dict[Login, int] = field(default_factory=dict)
    fresh: dict[Login, int] = field(default_factory=dict)

    def keep(self) -> None:
        self.known |= self.fresh
        self.fresh.clear()

    def forget(self) -> None:
        self.fresh.clear()

    async def person(self, who: Login) -> int:
        """The person of a login, made as a placeholder where it is new."""
        found = self.met(who) or await find_person(who)
        if found is None:
            found = await make_person(who, self.web)
        return self.note(who, found)

    async def person_if_known(self, who: Login) -> int | None:
        """The person of a login who wrote something that stands here, or None."""
        found = self.met(who) or await find_person(who)
        return found and self.note(who, found)

    async def learn(self, who: Login) -> None:
        """Let the number of somebody who stands here be known, where the source tells it."""
        if who.id is not None:
            await self.person_if_known(who)

    def met(self, who: Login) -> int | None:
        return self.fresh.get(who) or self.known.get(who)

    def note(self, who: Login, person: int) -> int:
        self.fresh[who] = person
        return person


async def find_person(who: Login) -> int | None:
    """The person that a login means by the rules above; a number that is new for them is remembered."""
    rows = await fetch(
        "select foreign_id, row_id from origin_alias where source = $1 and kind = 'person' and foreign_id = any($2)",
        SOURCE,
        foreign_ids(who),
    )
    known = {row["foreign_id"]: int(row["row_id"]) for row in rows}
    by_number, by_login = known.get(f"user:{who.id}"), known.get(f"login:{who.login.casefold()}")
    if by_number is not None:
        if by_login is None:
            await remember(SOURCE, "person", by_number, foreign_ids(who))
        return by_number
    if by_login is None or who.id is None:
        return by_login
    has_number = await fetch_value(
        "select true from origin_alias where kind = 'person' and row_id = $1 and source = $2"
        " and starts_with(foreign_id, 'user:')",
        by_login,
        SOURCE,
    )
    if has_number:
        return None
    await remember(SOURCE, "person", by_login, foreign_ids(who))
    return by_login


async def make_person(who: Login, web: str) -> int:
    """A new placeholder, whose page is on the GitHub at `web`, under the first of its usernames that is free."""
    address = f"{web}/{who.login}"
    row = await fetch_one(
        "insert into person (kind, username, name, origin, origin_url)"
        " select 'placeholder', u.username, $1, $3, $4 from (select n, case n when 1 then $1 || '@' || $2"
        " else $1 || '~' || n || '@' || $2 end as username from generate_series(1, $5::int) n) u"
        " where not exists (select 1 from person p where lower(p.username) = lower(u.username))"
        " order by u.n limit 1 returning id",
        who.login,
        HOST,
        SOURCE,
        address,
        HOLDERS,
    )
    assert row is not None
    person: int = row["id"]
    await remember(SOURCE, "person", person, foreign_ids(who), address)
    return person
