"""A data dump: six files of rows, brought into order by a database file of its own, so that no site needs memory.

Everything is read once before anything is written anywhere: a dump that breaks off, or is none, is refused as a whole.
Shapes: https://meta.stackexchange.com/questions/2677 (database schema documentation for the public data dump).
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from forum.threads.attribution import Kind
from importers.faults import Malformed, Unreadable
from importers.stackexchange.records import (
    Entry,
    Owner,
    Question,
    in_order,
    licence_of,
    made_at,
    maybe_number,
    moment,
    name_of,
    number,
    title_of,
)
from importers.stackexchange.rows import BadDump, XmlRow, rows

QUESTION, ANSWER = 1, 2
# What stands beside questions and answers and belongs to no thread, by PostTypeId.
ASIDE = {3: "orphaned tag wikis", 4: "tag wiki excerpts", 5: "tag wikis", 6: "moderator nominations"}
ASIDE |= {7: "wiki placeholders", 8: "privilege wikis"}
ACCEPTED, UP, DOWN = "1", "2", "3"
DUPLICATE = "3"
TAG = re.compile(r"<([^<>]+)>|([^<>|]+)")
# Votes that are added up before they are written.
VOTES_AT_ONCE = 100_000
NEEDED = ("Posts", "Users")
OTHERS = ("Comments", "Votes", "PostLinks", "Tags")

SPOOL = """
create table writing (id integer primary key, kind integer, question integer, line integer, told text);
create table comment (id integer primary key, post integer, line integer, told text);
create table vote (post integer primary key, up integer, down integer, accepted text);
create table person (id integer primary key, name text);
create table duplicate (post integer primary key, of integer);
"""
INDEXES = "create index writing_question on writing (question); create index comment_post on comment (post); analyze"
ANSWERS = "select id, line, told from writing where question = ? and kind = 2"
COMMENTS = """select c.id, c.line, c.told, c.post from comment c where c.post = ?1 or c.post in
    (select id from writing where question = ?1 and kind = 2)"""
VOTES = """select post, up, down, accepted from vote where post = ?1 or post in
    (select id from writing where question = ?1 and kind = 2)"""


class Dump:
    """A folder with a dump. `spool`: a file that is written anew and may be thrown away; `faults`: what is left out and why."""

    def __init__(self, folder: Path, spool: Path) -> None:
        self.folder = folder
        self.files = find_files(folder)
        self.faults: list[Malformed] = []
        spool.unlink(missing_ok=True)
        self.db = sqlite3.connect(spool)
        self.has_votes = "Votes" in self.files
        # nothing of it has to outlive this process
        self.db.executescript("pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -32000;")

    def close(self) -> None:
        self.db.close()

    # --- reading it all -----------------------------------------------------------------------------------------------

    def read(self) -> int:
        """Read every file to its end; returns how many questions there are. Raises BadDump."""
        self.db.executescript(SPOOL)
        self.read_posts()
        for row in self.rows("Users"):
            self.store(row, "Users", "user", "insert or ignore into person values (?, ?)", self.person(row))
        self.read_comments()
        self.read_votes()
        for row in self.rows("PostLinks"):
            if row.told.get("LinkTypeId") == DUPLICATE:
                pair = maybe_number(row.told.get("PostId")), maybe_number(row.told.get("RelatedPostId"))
                if all(pair):
                    self.db.execute("insert or replace into duplicate values (?, ?)", pair)
        for _row in self.rows("Tags"):
            # the tags of questions stand with them; the file must be whole all the same
            pass
        # this ends the transaction that the first row began
        self.db.executescript(INDEXES)
        self.find_orphans()
        return int(self.db.execute("select count(*) from writing where kind = 1").fetchone()[0])

    def rows(self, name: str) -> Iterator[XmlRow]:
        """The rows of a file that can be read; those that cannot are told. A file that is not there has none."""
        if name not in self.files:
            self.faults.append(Malformed(f"{name}.xml", "this file is missing"))
            return
        for row in rows(self.files[name], name.lower()):
            if row.why:
                self.fault(name, row, row.why)
            else:
                yield row

    def fault(self, name: str, row: XmlRow, why: str, what: str = "") -> None:
        told = row.told.get("Id", "")
        named = f" ({what} {told})" if what and told.isascii() and told.lstrip("-").isdigit() and len(told) < 20 else ""
        self.faults.append(Malformed(f"{name}.xml, line {row.line}{named}", why))

    def store(self, row: XmlRow, name: str, what: str, sql: str, values: tuple[Any, ...] | None) -> None:
        """Write a row to the spool, unless it could not be read (None) or its id was there already."""
        if values is not None and not self.db.execute(sql, values).rowcount:
            self.fault(name, row, "this id occurs twice; the first one counts", what)

    def read_posts(self) -> None:
        aside: dict[int, int] = {}
        for row in self.rows("Posts"):
            kind = maybe_number(row.told.get("PostTypeId"))
            if kind in ASIDE:
                aside[kind] = aside.get(kind, 0) + 1
                continue
            try:
                values = self.post(row, kind)
            except Unreadable as error:
                self.fault("Posts", row, str(error), "post")
                continue
            self.store(row, "Posts", "post", "insert or ignore into writing values (?, ?, ?, ?, ?)", values)
        self.faults += [Malformed("Posts.xml", f"{n} {ASIDE[kind]} belong to no thread") for kind, n in aside.items()]

    def post(self, row: XmlRow, kind: int | None) -> tuple[Any, ...]:
        """A question or an answer as the spool holds it. Raises Unreadable."""
        told = row.told
        id_ = number(told.get("Id"), "id")
        if kind not in (QUESTION, ANSWER):
            raise Unreadable("it is neither a question nor an answer")
        question = id_ if kind == QUESTION else number(told.get("ParentId"), "question that it answers")
        if "Body" not in told:
            raise Unreadable("it has no text")
        at = made_at(told.get("CreationDate"))
        # a licence is that of the latest revision
        revised = moment(told.get("LastEditDate")) or at
        common = [told["Body"], told.get("OwnerUserId"), told.get("OwnerDisplayName"), int(at.timestamp())]
        common += [licence_of(told.get("ContentLicense"), max(at, revised)), maybe_number(told.get("Score"))]
        if kind == QUESTION:
            closed = moment(told.get("ClosedDate"))
            latest = max(at, moment(told.get("LastActivityDate")) or at, closed or at)
            common += [
                title_of(told.get("Title"), id_),
                told.get("Tags", ""),
                maybe_number(told.get("AcceptedAnswerId")),
            ]
            common += [None if closed is None else int(closed.timestamp()), int(latest.timestamp())]
        return id_, kind, question, row.line, json.dumps(common)

    def person(self, row: XmlRow) -> tuple[Any, ...] | None:
        id_ = maybe_number(row.told.get("Id"))
        if id_ is None:
            self.fault("Users", row, "it has no id that can be read")
            return None
        return id_, name_of(row.told.get("DisplayName"), id_)

    def read_comments(self) -> None:
        for row in self.rows("Comments"):
            told = row.told
            try:
                id_, post = number(told.get("Id"), "id"), number(told.get("PostId"), "post that it is about")
                if "Text" not in told:
                    raise Unreadable("it has no text")
                at = made_at(told.get("CreationDate"))
                common = [told["Text"], told.get("UserId"), told.get("UserDisplayName"), int(at.timestamp())]
                common += [licence_of(told.get("ContentLicense"), at), maybe_number(told.get("Score"))]
            except Unreadable as error:
                self.fault("Comments", row, str(error), "comment")
                continue
            values = id_, post, row.line, json.dumps(common)
            self.store(row, "Comments", "comment", "insert or ignore into comment values (?, ?, ?, ?)", values)

    def read_votes(self) -> None:
        """Votes by post, added up: who voted is nobody's business, and the dump does not tell it."""
        sums: dict[int, list[Any]] = {}
        for row in self.rows("Votes"):
            kind = row.told.get("VoteTypeId")
            if kind not in (ACCEPTED, UP, DOWN):
                continue
            post = maybe_number(row.told.get("PostId"))
            if post is None:
                self.fault("Votes", row, "it has no post that can be read", "vote")
                continue
            votes = sums.setdefault(post, [0, 0, None])
            if kind == ACCEPTED:
                votes[2] = row.told.get("CreationDate")
            else:
                votes[kind == DOWN] += 1
            if len(sums) >= VOTES_AT_ONCE:
                self.add_votes(sums)
        self.add_votes(sums)

    def add_votes(self, sums: dict[int, list[Any]]) -> None:
        self.db.executemany(
            "insert into vote values (?, ?, ?, ?) on conflict (post) do update set up = up + excluded.up,"
            " down = down + excluded.down, accepted = coalesce(excluded.accepted, accepted)",
            [(post, *votes) for post, votes in sums.items()],
        )
        sums.clear()

    def find_orphans(self) -> None:
        """Tell of what is about something that is not there."""
        for id_, line, question in self.db.execute(
            "select a.id, a.line, a.question from writing a left join writing q on q.id = a.question and q.kind = 1"
            " where a.kind = 2 and q.id is null order by a.line"
        ):
            self.faults.append(
                Malformed(f"Posts.xml, line {line} (post {id_})", f"its question {question} is not here")
            )
        for id_, line, post in self.db.execute(
            "select c.id, c.line, c.post from comment c left join writing p on p.id = c.post left join writing q"
            " on q.id = p.question and q.kind = 1 where q.id is null order by c.line"
        ):
            self.faults.append(
                Malformed(f"Comments.xml, line {line} (comment {id_})", f"no question or answer {post} is here")
            )
        gone = self.db.execute("select count(*), sum(up + down) from vote where post not in (select id from writing)")
        posts, votes = gone.fetchone()
        if votes:
            self.faults.append(Malformed("Votes.xml", f"{votes} votes are about {posts} posts that are not here"))

    # --- giving it out ------------------------------------------------------------------------------------------------

    def questions(self) -> Iterator[Question]:
        """Every question with what is below it, by id."""
        for id_, line, told in self.db.execute("select id, line, told from writing where kind = 1 order by id"):
            yield self.question(id_, line, json.loads(told))

    def question(self, id_: int, line: int, told: list[Any]) -> Question:
        votes = {post: (up, down, accepted) for post, up, down, accepted in self.db.execute(VOTES, (id_,))}
        entries = [
            self.entry("answer", answer, json.loads(said), votes)
            for answer, _line, said in self.db.execute(ANSWERS, (id_,))
        ]
        entries += [
            self.entry("comment", comment, json.loads(said), votes, post)
            for comment, _line, said, post in self.db.execute(COMMENTS, (id_,))
        ]
        title, tags, accepted, closed, active = told[6:]
        is_here = any(e.kind == "answer" and e.id == accepted for e in entries)
        duplicate = self.db.execute("select of from duplicate where post = ?", (id_,)).fetchone()
        return Question(
            id=id_,
            title=title,
            entries=in_order(self.entry("question", id_, told, votes), entries),
            updated_at=max([made_at(active), *(e.created_at for e in entries)]),
            where=f"Posts.xml, line {line} (post {id_})",
            tags=tuple(a or b for a, b in TAG.findall(tags)),
            accepted=accepted if is_here else None,
            accepted_at=moment(votes[accepted][2]) if is_here and accepted in votes else None,
            closed_at=moment(closed),
            duplicate_of=duplicate[0] if duplicate and closed else None,
        )

    def entry(
        self, kind: Kind, id_: int, told: list[Any], votes: dict[int, tuple[Any, ...]], parent: int | None = None
    ) -> Entry:
        body, user, name, at, licence, score = told[:6]
        user = maybe_number(user)
        known = user is not None and self.db.execute("select name from person where id = ?", (user,)).fetchone()
        up, down, _accepted = votes.get(id_, (0, 0, None)) if kind != "comment" else (None, None, None)
        return Entry(
            kind=kind,
            id=id_,
            body=body,
            owner=Owner(user, known[0] if known else name_of(name, user)),
            created_at=made_at(at),
            licence=licence,
            score=score,
            up=up if self.has_votes else None,
            down=down if self.has_votes else None,
            parent=parent,
            form="comment" if kind == "comment" else "html",
        )


def find_files(folder: Path) -> dict[str, Path]:
    """The files of a dump by name (`Posts`), however it is capitalised. Raises BadDump where those needed are not there."""
    if not folder.is_dir():
        raise BadDump("this is no folder" if folder.exists() else "there is no such folder")
    there = {file.name.lower(): file for file in sorted(folder.iterdir())}
    files = {name: there[f"{name.lower()}.xml"] for name in (*NEEDED, *OTHERS) if f"{name.lower()}.xml" in there}
    for name in NEEDED:
        if name not in files:
            raise BadDump(f"{name}.xml is not there")
    return files
