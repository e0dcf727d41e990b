"""Invented questions as a data dump and as the API tell them, and what an import made of them."""

from datetime import UTC, datetime
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.sax.saxutils import quoteattr

from forum.database.engine import Row, fetch
from importers.stackexchange.commands import batches_of
from importers.stackexchange.dump import Dump
from importers.stackexchange.importing import find_place, import_questions
from importers.summary import Summary
from tests.helpers.site import Site

HOST = "pond.stackexchange.com"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
Json = dict[str, Any]
Rows = list[Json]
ADA, BO = {"Id": 7, "DisplayName": "Ada Heron"}, {"Id": 8, "DisplayName": "Bo & Co"}


def question(id_: int, title: str = "Why does the pump stop?", **more: Any) -> Json:
    """A row of Posts.xml: a question by Ada of 1 May 2021."""
    return {
        "Id": id_,
        "PostTypeId": 1,
        "CreationDate": "2021-05-01T08:00:00.123",
        "Score": 3,
        "Body": "<p>It ran all day.</p>\n<p>Then it <em>stopped</em>.</p>\n",
        "OwnerUserId": 7,
        "LastActivityDate": "2021-05-03T08:00:00.000",
        "Title": title,
        "Tags": "<pump><night-time>",
        "ContentLicense": "CC BY-SA 4.0",
    } | more


def answer(id_: int, parent: int, **more: Any) -> Json:
    """A row of Posts.xml: an answer by Bo of 2 May 2021."""
    return {
        "Id": id_,
        "PostTypeId": 2,
        "ParentId": parent,
        "CreationDate": "2021-05-02T08:00:00.000",
        "Score": -1,
        "Body": "<p>Clean it:</p>\n<pre><code>rinse --all\n  # twice\n</code></pre>\n",
        "OwnerUserId": 8,
        "LastActivityDate": "2021-05-02T08:00:00.000",
        "ContentLicense": "CC BY-SA 4.0",
    } | more


def comment(id_: int, post: int, **more: Any) -> Json:
    """A row of Comments.xml by Ada."""
    return {
        "Id": id_,
        "PostId": post,
        "Score": 0,
        "Text": "With `rinse <2.0`? Thanks *a lot*",
        "CreationDate": "2021-05-02T09:00:00.000",
        "UserId": 7,
        "ContentLicense": "CC BY-SA 4.0",
    } | more


def votes(post: int, up: int, down: int = 0, accepted: str | None = None) -> Rows:
    """Rows of Votes.xml about one post."""
    kinds = [2] * up + [3] * down
    rows = [{"Id": 1000 * post + n, "PostId": post, "VoteTypeId": kind} for n, kind in enumerate(kinds)]
    if accepted:
        rows.append({"Id": 1000 * post + 999, "PostId": post, "VoteTypeId": 1, "CreationDate": accepted})
    return rows


def xml_of(root: str, rows: Rows) -> str:
    """A file as the dumps have them: a mark, CRLF, all values attributes."""
    lines = [
        "  <row " + " ".join(f"{name}={attribute(value)}" for name, value in row.items() if value is not None) + " />"
        for row in rows
    ]
    return "\r\n".join(["\ufeff" + '<?xml version="1.0" encoding="utf-8"?>', f"<{root}>", *lines, f"</{root}>", ""])


def attribute(value: Any) -> str:
    return quoteattr(str(value), {"\n": "&#xA;", "\r": "&#xD;", "\t": "&#x9;"})


def write_dump(folder: Path, posts: Rows, host: str = HOST, **files: Rows | bytes | None) -> Path:
    """A dump's folder, named after its site; files that are not given are empty, None leaves one out."""
    here = folder / host
    here.mkdir(parents=True, exist_ok=True)
    given: dict[str, Rows | bytes | None] = {
        "Users": [ADA, BO],
        "Comments": [],
        "Votes": [],
        "Tags": [],
        "PostLinks": [],
    }
    for name, rows in (given | {"Posts": posts} | files).items():
        file = here / f"{name}.xml"
        if rows is None:
            file.unlink(missing_ok=True)
        elif isinstance(rows, bytes):
            file.write_bytes(rows)
        else:
            file.write_bytes(xml_of(name.lower(), rows).encode())
    return here


async def bring(folder: Path, host: str = HOST, project: str = "pond", spool: str = "spool") -> Summary:
    """Import a dump into the project."""
    place = await find_place(host, host, project)
    file = folder.parent / spool
    dump = Dump(folder, file)
    try:
        total = dump.read()
        return await import_questions(place, batches_of(dump, total), now=NOW)
    finally:
        dump.close()


async def bring_example(project: str) -> str:
    """One question with an accepted answer of somebody gone, comments, votes; closed as a duplicate. Its thread's URL."""
    posts = [
        question(1, AcceptedAnswerId=2, ClosedDate="2021-05-04T00:00:00.000"),
        answer(2, 1, OwnerUserId=None, OwnerDisplayName="user99", ContentLicense="CC BY-SA 3.0"),
        answer(3, 1),
    ]
    links = [{"Id": 1, "PostId": 1, "RelatedPostId": 77, "LinkTypeId": 3}]
    with TemporaryDirectory() as folder:
        comments = [comment(5, 2), comment(6, 1)]
        await bring(
            write_dump(Path(folder), posts, Comments=comments, Votes=votes(1, 4, 1), PostLinks=links), project=project
        )
    (first, *_rest) = await posts_of(1)
    return f"/t/{first['slug']}/{first['thread_id']}"


def seconds(told: str) -> int:
    return int(datetime.fromisoformat(told).replace(tzinfo=UTC).timestamp())


def as_api(posts: Rows, comments: Rows = (), users: Rows = (ADA, BO), voted: Rows = ()) -> list[Json]:  # type: ignore[assignment]
    """The same questions as the API gives them: names and titles escaped, times in seconds, what is below inside."""
    names = {user["Id"]: user["DisplayName"] for user in users}

    def owner(user: int | None, name: str | None) -> Json:
        if user is None:
            return {"user_type": "does_not_exist", "display_name": escape(name or "")}
        link = f"https://{HOST}/users/{user}/x"
        return {"user_id": user, "user_type": "registered", "display_name": escape(names[user]), "link": link}

    def base(row: Json, id_name: str) -> Json:
        kinds = [vote["VoteTypeId"] for vote in voted if vote["PostId"] == row["Id"]]
        below = [
            {
                "comment_id": c["Id"],
                "post_id": c["PostId"],
                "owner": owner(c.get("UserId"), c.get("UserDisplayName")),
                "score": c["Score"],
                "creation_date": seconds(c["CreationDate"]),
                "body_markdown": escape(c["Text"]),
                "body": f"<p>{escape(c['Text'])}</p>",
                "content_license": c["ContentLicense"],
            }
            for c in comments
            if c["PostId"] == row["Id"]
        ]
        return {
            id_name: row["Id"],
            "owner": owner(row.get("OwnerUserId"), row.get("OwnerDisplayName")),
            "score": row["Score"],
            "up_vote_count": kinds.count(2),
            "down_vote_count": kinds.count(3),
            "creation_date": seconds(row["CreationDate"]),
            "last_activity_date": seconds(row["LastActivityDate"]),
            "body": row["Body"],
            "content_license": row["ContentLicense"],
            "comments": below,
            "comment_count": len(below),
        }

    found = []
    for row in posts:
        if row["PostTypeId"] == 1:
            answers = [
                base(a, "answer_id") | {"question_id": row["Id"]} for a in posts if a.get("ParentId") == row["Id"]
            ]
            more: Json = {
                "title": escape(row["Title"]),
                "tags": row["Tags"][1:-1].split("><"),
                "answers": answers,
                "answer_count": len(answers),
                "link": f"https://{HOST}/questions/{row['Id']}/words-of-the-title",
            }
            if row.get("AcceptedAnswerId"):
                more["accepted_answer_id"] = row["AcceptedAnswerId"]
            if row.get("ClosedDate"):
                more["closed_date"] = seconds(row["ClosedDate"])
            found.append(base(row, "question_id") | more)
    return found


async def posts_of(question_id: int, host: str = HOST) -> list[Row]:
    """The posts of a question, in order, with thread and author. Fails where it does not stand here once."""
    rows = await fetch(
        "select p.*, a.username, a.name, a.kind as person_kind, t.title, t.slug, t.accepted_number, t.is_closed,"
        " t.project_id, t.origin_url as thread_url, t.last_number, t.reply_count, t.version as thread_version"
        " from origin_alias o join thread t on t.id = o.row_id join post p on p.thread_id = t.id"
        " join person a on a.id = p.author_id where o.source = 'stackexchange' and o.kind = 'thread'"
        " and o.foreign_id = $1 order by p.number",
        f"{host}/questions/{question_id}",
    )
    assert rows
    return rows


def counts(summary: Summary) -> tuple[int, int, int]:
    """created, updated, unchanged"""
    return summary.created, summary.updated, summary.unchanged


# A question with an accepted answer, one of somebody gone, comments and votes, closed as a duplicate of another.
POSTS = [
    question(1, AcceptedAnswerId=2, ClosedDate="2021-05-04T00:00:00.000"),
    answer(2, 1),
    answer(3, 1, OwnerUserId=None, OwnerDisplayName="user99", ContentLicense="CC BY-SA 3.0"),
    question(4, "Is rain water enough?", Tags="<rain>"),
]
FILES: dict[str, Any] = {
    "Comments": [comment(5, 2), comment(6, 1, CreationDate="2021-05-01T09:00:00.000")],
    "Votes": votes(1, 4, 1) + votes(2, 0, 1, "2021-05-03T00:00:00.000"),
    "PostLinks": [{"Id": 1, "PostId": 1, "RelatedPostId": 4, "LinkTypeId": 3}],
}


async def page_of(site: Site, question_id: int, ending: str = "") -> str:
    (first, *_rest) = await posts_of(question_id)
    answered = await site.guest().get(f"/t/{first['slug']}/{first['thread_id']}{ending}")
    assert answered.status_code == 200
    return answered.text
