"""A repository's history as GitHub's API tells it: issues, comments, reactions, discussions, templates, labels; paged by
Link, with ETags, rate limits and GraphQL of the queries that we send, checked for shape."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.standins.github import NOT_FOUND, Asked, GitHub

Json = dict[str, Any]
Told = tuple[int, Any]
FACES = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")
GRAPH_FACES = {"+1": "THUMBS_UP", "heart": "HEART", "hooray": "HOORAY", "rocket": "ROCKET", "-1": "THUMBS_DOWN"}
# GitHub refuses what could tell more nodes than this.
NODES_MOST = 500_000


@dataclass
class History:
    """`issues` and `comments`: REST rows, oldest first; `reactions`: by comment id or issue number, (user, face);
    `discussions`: GraphQL nodes with plain lists; `files`: by path. `left`: how many more requests the primary limit
    allows (None: enough); `drops_at`: the connection is cut at that request and every later one, until it is None."""

    repository: str = "heron/Pond"
    id: int = 990
    is_private: bool = False
    issues: list[Json] = field(default_factory=list)
    comments: list[Json] = field(default_factory=list)
    reactions: dict[str, list[tuple[Json, str]]] = field(default_factory=dict)
    discussions: list[Json] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    left: int | None = None
    drops_at: int | None = None
    # rows on a page, however many are asked for
    page_most: int = 100
    cost: int = 0
    free: int = 0
    queries: list[Json] = field(default_factory=list)

    def answer(self, github: GitHub, one: Asked) -> Told | None:
        """The answer, None where this is not about history; an answer of status 0 is a cut connection."""
        path = one.path.strip("/").split("/")
        if one.method == "POST" and path[-1] == "graphql":
            return self.counted(github, one, lambda: self.graphql(github, one))
        if one.method != "GET" or path[0] != "repos" or "/".join(path[1:3]).lower() != self.repository.lower():
            return None
        match path[3:]:
            case []:
                return self.counted(github, one, lambda: (200, self.about(github)))
            case ["issues"]:
                return self.counted(github, one, lambda: self.listed(github, one, self.issue_rows(github)))
            case ["issues", "comments"]:
                return self.counted(github, one, lambda: self.listed(github, one, self.comment_rows(github)))
            case ["issues", "comments", number]:
                said = [row for row in self.comment_rows(github) if str(row["id"]) == number]
                return self.counted(github, one, lambda: (200, said[0]) if said else NOT_FOUND)
            case ["issues", number]:
                found = [row for row in self.issue_rows(github) if str(row["number"]) == number]
                return self.counted(github, one, lambda: (200, found[0]) if found else NOT_FOUND)
            case ["issues", "comments", of, "reactions"] | ["issues", of, "reactions"]:
                return self.counted(github, one, lambda: self.listed(github, one, self.reaction_rows(github, of)))
            case ["labels"]:
                rows = [whole(github, "label", {"id": n, "name": name}) for n, name in enumerate(self.labels, 1)]
                return self.counted(github, one, lambda: self.listed(github, one, rows))
            case ["contents", *rest]:
                return self.counted(github, one, lambda: self.contents(github, "/".join(rest)))
        return None

    def counted(self, github: GitHub, one: Asked, tell: Callable[[], Told]) -> Told:
        """An answer within the limits, with the headers that tell of them."""
        if self.drops_at is not None and len(github.asked) >= self.drops_at:
            return 0, None
        reset = str(int(github.now.timestamp()) + 120)
        if self.left == 0:
            github.more = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
            return 403, {"message": "API rate limit exceeded", "documentation_url": "https://docs.github.com/rest"}
        status, answer = tell()
        if status == 200 and one.method == "GET":
            tag = hashlib.sha256((json.dumps(answer) + github.more.get("link", "")).encode()).hexdigest()[:32]
            github.more["etag"] = f'W/"{tag}"'
            if one.headers.get("if-none-match") == f'W/"{tag}"':
                self.free += 1
                return 304, None
        self.cost += 1
        if self.left is not None:
            self.left -= 1
            github.more |= {"x-ratelimit-remaining": str(self.left), "x-ratelimit-reset": reset}
        return status, answer

    def about(self, github: GitHub) -> Json:
        _owner, name = self.repository.split("/")
        told = {"id": self.id, "name": name, "full_name": self.repository, "private": self.is_private}
        return whole(github, "full-repository", told | {"has_discussions": bool(self.discussions)})

    def listed(self, github: GitHub, one: Asked, rows: list[Json]) -> Told:
        size, page = min(self.page_most, int(one.query.get("per_page", 30))), int(one.query.get("page", 1))
        last = max(1, -(-len(rows) // size))

        def at(number: int, rel: str) -> str:
            return f'<{github.url}{one.path}?{urlencode(one.query | {"page": number})}>; rel="{rel}"'

        links = [at(page + 1, "next"), at(last, "last")] if page < last else []
        links += [at(1, "first"), at(page - 1, "prev")] if page > 1 else []
        if links:
            github.more["link"] = ", ".join(links)
        return 200, rows[(page - 1) * size : page * size]

    def issue_rows(self, github: GitHub) -> list[Json]:
        rows = []
        for row in self.issues:
            made = whole(github, "issue", row) | {"user": simple_user(row["user"]), "closed_by": None}
            if not row.get("pull_request"):
                made.pop("pull_request", None)
            if row.get("closed_by"):
                made["closed_by"] = simple_user(row["closed_by"])
            if made.get("state_reason") is None:
                made.pop("state_reason", None)
            if row.get("milestone"):
                made["milestone"] = whole(github, "milestone", row["milestone"])
            labels = [whole(github, "label", label) for label in row["labels"]]
            rows.append(made | {"labels": labels, "reactions": self.totals(str(row["number"]), "issues")})
        return rows

    def comment_rows(self, github: GitHub) -> list[Json]:
        return [
            whole(github, "issue-comment", row)
            | {"user": simple_user(row["user"]), "reactions": self.totals(str(row["id"]), "issues/comments")}
            for row in self.comments
        ]

    def totals(self, key: str, folder: str) -> Json:
        given = [face for _user, face in self.reactions.get(key, ())]
        url = f"https://api.github.com/repos/{self.repository}/{folder}/{key}/reactions"
        return {"url": url, "total_count": len(given)} | {face: given.count(face) for face in FACES}

    def reaction_rows(self, github: GitHub, key: str) -> list[Json]:
        return [
            {
                "id": n,
                "node_id": f"R_{n}",
                "user": simple_user(user),
                "content": face,
                "created_at": "2024-05-02T08:00:00Z",
            }
            for n, (user, face) in enumerate(self.reactions.get(key, ()), 1)
        ]

    def contents(self, github: GitHub, path: str) -> Told:
        if path in self.files:
            return 200, file_row(self.repository, path, self.files[path])
        inside = [name for name in self.files if name.startswith(path + "/")]
        if not inside:
            return NOT_FOUND
        rows = [file_row(self.repository, name, self.files[name]) for name in inside]
        for row in rows:
            del row["content"], row["encoding"]
        return 200, rows

    # --- GraphQL ---------------------------------------------------------------------------------------------------

    def graphql(self, github: GitHub, one: Asked) -> Told:
        """The four queries that we send; the rest of the language is refused."""
        holder = github.tokens.get(one.headers.get("authorization", "").removeprefix("Bearer "))
        if holder is None:
            return 401, {"message": "This endpoint requires you to be authenticated."}
        body = one.body or {}
        query, variables = str(body.get("query")), body.get("variables") or {}
        self.queries.append(body)
        self.check(github, query, variables)
        named = re.match(r"query (\w+)\(", query)
        match named and named[1]:
            case "Discussions":
                return 200, {"data": {"repository": {"discussions": self.page_of_discussions(query, variables)}}}
            case "Discussion":
                found = [each for each in self.discussions if each["number"] == variables["number"]]
                node = self.node(found[0], query) if found else None
                return 200, {"data": {"repository": {"discussion": node}}}
            case "Comments":
                node = next(each for each in self.discussions if each["id"] == variables["id"])
                found = node["comments"]
                return 200, {
                    "data": {"node": {"comments": self.connection(found, query, "comments", variables["after"])}}
                }
            case "Replies":
                node = next(c for d in self.discussions for c in d["comments"] if c["id"] == variables["id"])
                found = node["replies"]
                return 200, {
                    "data": {"node": {"replies": self.connection(found, query, "replies", variables["after"])}}
                }
        github.wrong.append(f"unknown query {query[:200]}")
        return 200, {"errors": [{"message": "Something went wrong", "type": "INTERNAL"}]}

    def check(self, github: GitHub, query: str, variables: Json) -> None:
        """Balanced, each variable declared and given, no connection without its bounds, not too many nodes."""
        if query.count("{") != query.count("}") or query.count("(") != query.count(")"):
            github.wrong.append("the query is not balanced")
        declared = set(re.findall(r"\$(\w+):", query))
        if declared != set(variables) or not set(re.findall(r"\$(\w+)", query)) <= declared:
            github.wrong.append(f"declared {declared}, given {set(variables)}")
        nodes, depth = 1, []
        for token in re.finditer(r"(?:\(first: (\d+)[^)]*\))?\s*\{|\}", query):
            if token[0].endswith("{"):
                depth.append(int(token[1] or 1))
                if token[1]:
                    if not 1 <= int(token[1]) <= 100:
                        github.wrong.append(f"first: {token[1]}")
                    product = 1
                    for each in depth:
                        product *= each
                    nodes += product
            elif depth:
                depth.pop()
        if nodes > NODES_MOST:
            github.wrong.append(f"{nodes} nodes asked for")

    def page_of_discussions(self, query: str, variables: Json) -> Json:
        order = variables["order"]
        key = {"CREATED_AT": "createdAt", "UPDATED_AT": "updatedAt"}[order["field"]]
        found = sorted(self.discussions, key=lambda d: str(d[key]), reverse=order["direction"] == "DESC")
        return self.connection(found, query, "discussions", variables["after"])

    def connection(self, found: list[Json], query: str, name: str, after: str | None) -> Json:
        """One page of nodes, those of connections inside it cut to what was asked for."""
        asked = re.search(rf"{name}\(first: (\d+)", query)
        size, start = int(asked[1]) if asked else 100, int(after or 0)
        page = found[start : start + size]
        end = start + len(page)
        more = {"hasNextPage": end < len(found), "endCursor": str(end) if page else None}
        return {"totalCount": len(found), "pageInfo": more, "nodes": [self.node(each, query) for each in page]}

    def node(self, each: Json, query: str) -> Json:
        told = dict(each)
        for name in ("comments", "replies"):
            if name in told:
                told[name] = self.connection(told[name], query, name, None)
        faces = [
            {"content": GRAPH_FACES[face], "user": {"login": user["login"], "databaseId": user["id"]}}
            for face, user in told.pop("faces", ())
        ]
        told["reactions"] = {"nodes": faces}
        if "labels" in told:
            told["labels"] = {"nodes": [{"name": name} for name in told["labels"]]}
        return told


def whole(github: GitHub, example: str, told: Json) -> Json:
    """An answer that begins as the description's example."""
    return github.example(example) | told


def simple_user(user: Json) -> Json:
    """A user as the description wants one."""
    url = f"https://api.github.com/users/{user['login']}"
    ends = ("followers", "following{/other_user}", "gists{/gist_id}", "starred{/owner}{/repo}", "subscriptions", "orgs")
    names = ("followers", "following", "gists", "starred", "subscriptions", "organizations")
    urls = {f"{name}_url": f"{url}/{end}" for name, end in zip(names, ends, strict=True)}
    urls |= {
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received",
    }
    about = {
        "node_id": f"U_{user['id']}",
        "avatar_url": "https://github.com/images/x.gif",
        "gravatar_id": "",
        "url": url,
    }
    html = f"https://github.com/{user['login']}"
    return about | urls | {"html_url": html, "type": "User", "site_admin": False} | user


def file_row(repository: str, path: str, text: str) -> Json:
    url = f"https://api.github.com/repos/{repository}/contents/{path}"
    html = f"https://github.com/{repository}/blob/main/{path}"
    git = f"https://api.github.com/repos/{repository}/git/blobs/1"
    return {
        "type": "file",
        "encoding": "base64",
        "size": len(text.encode()),
        "name": path.rpartition("/")[2],
        "path": path,
        "content": base64.encodebytes(text.encode()).decode(),
        "sha": hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(),
        "url": url,
        "git_url": git,
        "html_url": html,
        "download_url": f"https://raw.githubusercontent.com/{repository}/main/{path}",
        "_links": {"git": git, "self": url, "html": html},
    }
