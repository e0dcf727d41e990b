"""What of GitHub the bot talks with: one repository's issues as they change, permissions, and the App itself.

A mixin of the stand-in `GitHub`, which checks every request and answer against the official description.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote
from zlib import crc32

Json = dict[str, Any]
Answer = tuple[int, Any]
DOCS = "https://docs.github.com/rest"
NOT_FOUND: Answer = (404, {"message": "Not Found", "documentation_url": DOCS})
LEVELS = {"admin": "admin", "maintain": "write", "write": "write", "triage": "read", "read": "read"}


def zulu(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def id_of(login: str) -> int:
    """The number of who is called so; the same in every test."""
    return crc32(login.encode()) % 10**8 + 1


@dataclass
class Rows:
    """State that tests set and look at. `roles`: login → role, nothing for who has none; `bot`: the App's slug."""

    bot: str = "pond-helper"
    app_permissions: dict[str, str] = field(
        default_factory=lambda: {"issues": "write", "metadata": "read", "discussions": "read", "contents": "read"}
    )
    events: list[str] = field(default_factory=list)
    roles: dict[str, str] = field(default_factory=dict)
    rows: dict[int, Json] = field(default_factory=dict)
    comments: dict[int, list[Json]] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    reactions: list[tuple[int, str]] = field(default_factory=list)
    hook_deliveries: list[Json] = field(default_factory=list)
    redelivered: list[int] = field(default_factory=list)
    codes: dict[str, Json] = field(default_factory=dict)
    next_comment: int = 9000


class Issues:
    """Answers about what `self.rows` holds."""

    bot_rows: Rows
    now: datetime
    repositories: set[str]

    def example(self, name: str) -> Json:
        raise NotImplementedError

    def user(self, login: str, kind: str = "User") -> Json:
        base: Json = self.example("issue").get("user") or {}
        return base | {"login": login, "id": id_of(login), "type": kind}

    def open_issue(self, number: int, title: str, body: str, by: str = "wader", **more: Any) -> Json:
        """Somebody opens an issue."""
        place = "heron/pond"
        row = self.example("issue") | {
            "url": f"https://api.github.com/repos/{place}/issues/{number}",
            "repository_url": f"https://api.github.com/repos/{place}",
            "html_url": f"https://github.com/{place}/issues/{number}",
            "id": 7_000_000 + number,
            "node_id": f"I_made{number}",
            "number": number,
            "title": title,
            "body": body,
            "user": self.user(by),
            "labels": [],
            "state": "open",
            "locked": False,
            "comments": 0,
            "created_at": zulu(self.now),
            "updated_at": zulu(self.now),
            "closed_at": None,
            "closed_by": None,
            "author_association": "NONE",
        }
        for name in ("pull_request", "state_reason"):
            # null where there is none, which the description does not allow
            row.pop(name, None)
        self.bot_rows.rows[number] = row | more
        self.bot_rows.comments[number] = []
        return self.bot_rows.rows[number]

    def write(self, number: int, body: str, by: str = "mia", kind: str = "User", id: int = 0) -> Json:
        """Somebody comments."""
        state = self.bot_rows
        state.next_comment += 1
        made = id or state.next_comment
        row = self.example("issue-comment") | {
            "id": made,
            "node_id": f"IC_{made}",
            "url": f"https://api.github.com/repos/heron/pond/issues/comments/{made}",
            "html_url": f"https://github.com/heron/pond/issues/{number}#issuecomment-{made}",
            "issue_url": f"https://api.github.com/repos/heron/pond/issues/{number}",
            "body": body,
            "user": self.user(by, kind),
            "created_at": zulu(self.now),
            "updated_at": zulu(self.now),
            "author_association": "NONE",
        }
        state.comments[number].append(row)
        state.rows[number]["comments"] = len(state.comments[number])
        return row

    def said(self, number: int) -> list[str]:
        """What bots wrote on an issue."""
        return [row["body"] for row in self.bot_rows.comments[number] if row["user"]["type"] == "Bot"]

    # --- answers ---------------------------------------------------------------------------------------------------

    def answer_rows(self, method: str, path: list[str], query: dict[str, str], body: Json) -> Answer | None:
        """About the repository; None: this is not known here."""
        state = self.bot_rows
        match method, path:
            case "GET", ["issues", number] if number.isdigit():
                row = state.rows.get(int(number))
                return (200, row) if row else NOT_FOUND
            case "PATCH", ["issues", number]:
                return self.change(int(number), body)
            case "GET", ["issues", number, "comments"] if int(number) in state.comments:
                return 200, self.listed_comments(int(number), query)
            case "POST", ["issues", number, "comments"] if int(number) in state.comments:
                return 201, self.write(int(number), body["body"], f"{state.bot}[bot]", "Bot")
            case "GET", ["issues", "comments", comment]:
                row = self.comment_row(int(comment))
                return (200, row) if row else NOT_FOUND
            case "POST", ["issues", "comments", comment, "reactions"]:
                return self.react(int(comment), body["content"])
            case "POST", ["issues", number, "labels"]:
                return 200, self.label(int(number), body["labels"])
            case "PUT", ["issues", number, "lock"]:
                state.rows[int(number)] |= {"locked": True, "active_lock_reason": body.get("lock_reason")}
                return 204, None
            case "GET", ["labels", name]:
                return (200, self.label_row(unquote(name))) if unquote(name) in state.labels else NOT_FOUND
            case "POST", ["labels"]:
                if body["name"] in state.labels:
                    fault = {"resource": "Label", "code": "already_exists", "field": "name"}
                    return 422, {"message": "Validation Failed", "errors": [fault], "documentation_url": DOCS}
                state.labels.add(body["name"])
                return 201, self.label_row(body["name"])
            case "GET", ["collaborators", login, "permission"]:
                return self.permission(unquote(login))
        return None

    def permission(self, login: str) -> Answer:
        """As GitHub tells it: `permission` is the least of four that a role comes to, `none` for strangers."""
        role = self.bot_rows.roles.get(login, "")
        base = self.example("repository-collaborator-permission-response-if-user-has-admin-permissions")
        # the description wants the role of its example's user, who has none
        user = (base.get("user") or {}) | self.user(login) | {"role_name": role or "none"}
        return 200, base | {"permission": LEVELS.get(role, "none"), "role_name": role or "none", "user": user}

    def change(self, number: int, body: Json) -> Answer:
        row = self.bot_rows.rows[number]
        if body.get("state") == "closed":
            row |= {"state": "closed", "state_reason": body.get("state_reason"), "closed_at": zulu(self.now)}
        return 200, row

    def listed_comments(self, number: int, query: dict[str, str]) -> list[Json]:
        rows = [row for row in self.bot_rows.comments[number] if row["updated_at"] >= query.get("since", "")]
        size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
        return rows[(page - 1) * size : page * size]

    def comment_row(self, comment: int) -> Json | None:
        return next((r for rows in self.bot_rows.comments.values() for r in rows if r["id"] == comment), None)

    def react(self, comment: int, content: str) -> Answer:
        if self.comment_row(comment) is None:
            return NOT_FOUND
        is_new = (comment, content) not in self.bot_rows.reactions
        if is_new:
            self.bot_rows.reactions.append((comment, content))
        return (201 if is_new else 200), self.example("reaction") | {"content": content}

    def label_row(self, name: str) -> Json:
        return self.example("label") | {"id": id_of(name), "name": name, "default": False}

    def label(self, number: int, names: list[str]) -> list[Json]:
        row = self.bot_rows.rows[number]
        have = [label["name"] for label in row["labels"]]
        row["labels"] = [self.label_row(name) for name in dict.fromkeys([*have, *names])]
        return list(row["labels"])

    def answer_app(self, method: str, path: list[str], query: dict[str, str]) -> Answer | None:
        """About the App itself; whoever asks has proven to be it."""
        state = self.bot_rows
        match method, path:
            case "GET", ["app"]:
                told = {"name": "Pond Helper", "slug": state.bot, "permissions": state.app_permissions}
                return 200, self.example("integration") | told | {"events": state.events}
            case "GET", ["app", "installations"]:
                one = self.example("installation") | {"id": 77, "suspended_at": None}
                one["permissions"] = state.app_permissions
                # the description wants of every account what only enterprises have
                as_enterprise = {"name": "heron", "slug": "heron", "created_at": None, "updated_at": None}
                one["account"] = self.user("heron", "Organization") | as_enterprise
                return 200, [one] if query.get("page", "1") == "1" else []
            case "GET", ["app", "hook", "deliveries"]:
                return 200, state.hook_deliveries
            case "POST", ["app", "hook", "deliveries", delivery, "attempts"]:
                state.redelivered.append(int(delivery))
                return 202, {}
        return None

    def answer_manifest(self, code: str) -> Answer:
        """The credentials of a code, once."""
        told = self.bot_rows.codes.pop(code, None)
        return (201, self.example("integration-from-manifest") | told) if told else NOT_FOUND

    def repository_row(self, name: str) -> Json:
        pages = self.example("repository-paginated-2") or self.example("repository-paginated")
        base = pages["repositories"][0] if pages.get("repositories") else {}
        return base | {"id": id_of(name), "name": name.partition("/")[2], "full_name": name, "private": False}
