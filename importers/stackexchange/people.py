"""Accounts of a site become placeholder people: `1234@stackoverflow.com`, without an account and a bare handle here.

A number is never given to somebody else, so it is all that people are known by; names follow the site. Whoever is gone
from there has no number: their posts stand under the name they carry and belong to one placeholder of the site.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from forum.database.engine import execute, fetch
from forum.web.i18n import _
from importers.faults import Unreadable
from importers.stackexchange.records import Owner
from importers.stackexchange.sites import user_url

SOURCE = "stackexchange"
GONE = "gone"


@dataclass
class People:
    """The people of a site met so far, as (row, name) by key. What a transaction learns counts once it is committed:
    `keep`, else `forget`."""

    host: str
    known: dict[str, tuple[int, str]] = field(default_factory=dict)
    fresh: dict[str, tuple[int, str]] = field(default_factory=dict)

    def keep(self) -> None:
        self.known |= self.fresh
        self.fresh.clear()

    def forget(self) -> None:
        self.fresh.clear()

    def id(self, who: Owner) -> int:
        """The person of somebody who was brought."""
        row, _name = self.fresh.get(who.key) or self.known[who.key]
        return row

    async def bring(self, owners: Iterable[Owner], *, is_stale: bool = False) -> bool:
        """Have a person for each of them; where the site calls them otherwise now, they are called so, unless this
        `is_stale`. Says whether a name changed. Raises Unreadable."""
        wanted = {who.key: who for who in owners}
        unmet = [who for key, who in wanted.items() if key not in self.known and key not in self.fresh]
        if unmet:
            await self.find(unmet)
            if new := [who for who in unmet if who.key not in self.fresh]:
                await self.make(new)
        renamed = [] if is_stale else [w for w in wanted.values() if w.id is not None and self.name(w.key) != w.name]
        for who in renamed:
            await execute(
                "update person set name = $2 where id = $1 and kind = 'placeholder' and name <> $2",
                self.id(who),
                who.name,
            )
            self.fresh[who.key] = self.id(who), who.name
        return bool(renamed)

    def name(self, key: str) -> str:
        return (self.fresh.get(key) or self.known[key])[1]

    def foreign_id(self, key: str) -> str:
        return f"{self.host}/users/{key}"

    async def find(self, owners: list[Owner]) -> None:
        keys = {self.foreign_id(who.key): who.key for who in owners}
        rows = await fetch(
            "select a.foreign_id, p.id, p.name from origin_alias a join person p on p.id = a.row_id"
            " where a.source = $1 and a.kind = 'person' and a.foreign_id = any($2)",
            SOURCE,
            list(keys),
        )
        self.fresh |= {keys[row["foreign_id"]]: (row["id"], row["name"]) for row in rows}

    async def make(self, owners: list[Owner]) -> None:
        """New placeholders. Raises Unreadable where a username is somebody else's."""
        names = [_("Deleted user") if who.id is None else who.name for who in owners]
        rows = await fetch(
            "with made as (insert into person (kind, username, name, origin, origin_url)"
            " select 'placeholder', w.username, w.name, $1, w.url"
            " from unnest($2::text[], $3::text[], $4::text[]) w(username, name, url)"
            " on conflict do nothing returning id, username),"
            " known as (insert into origin_alias (source, kind, foreign_id, row_id, url)"
            " select $1, 'person', w.foreign_id, made.id, w.url from made"
            " join unnest($2::text[], $5::text[], $4::text[]) w(username, foreign_id, url) using (username))"
            " select id, username from made",
            SOURCE,
            [self.username(who) for who in owners],
            names,
            [f"https://{self.host}/users" if who.id is None else user_url(self.host, who.id) for who in owners],
            [self.foreign_id(who.key) for who in owners],
        )
        made = {row["username"]: row["id"] for row in rows}
        for who, name in zip(owners, names, strict=True):
            if self.username(who) not in made:
                raise Unreadable(f"the name {self.username(who)} is somebody else's")
            self.fresh[who.key] = made[self.username(who)], name

    def username(self, who: Owner) -> str:
        return f"{'deleted' if who.id is None else who.id}@{self.host}"
