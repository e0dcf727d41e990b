"""What the bot hears: comments that may hold a command or come too late, and new issues that may be offered a move.

Inside the transaction that notes a delivery as handled: what must ask GitHub is a job, enqueued in it.
"""

from typing import Any

from forum.database.engine import Row, execute, fetch_one
from forum.jobs import enqueue
from importers.github.bot.installing import number_of, repository_in
from importers.github.bot.moves import point_if_moved, want
from importers.github.bot.offers import is_offered
from importers.github.bot.words import may_command
from importers.github.records import NUMBER_MOST, labels_of, person_of

COMMAND_JOB = "github_command"
# Who belongs to the repository needs no offer.
AT_HOME = ("OWNER", "MEMBER", "COLLABORATOR")


async def issue_comment(act: str, told: dict[str, Any]) -> None:
    """Somebody wrote a comment, or changed their own."""
    comment, issue = told.get("comment"), issue_in(told)
    home = await home_of(told)
    if home is None or issue is None or act not in ("created", "edited") or not isinstance(comment, dict):
        return
    number, body = number_of(comment), comment.get("body")
    writer, sender = comment.get("user"), told.get("sender")
    # a maintainer who mends somebody else's comment gives no command by it
    is_own = number_of(writer) is not None and number_of(writer) == number_of(sender)
    if number is None or not isinstance(body, str) or not is_own or is_bot(writer):
        return
    if may_command(body):
        key = f"{COMMAND_JOB}:{number}:{comment.get('updated_at')}"[:200]
        await enqueue(COMMAND_JOB, once=key, repository=home["id"], issue=issue["number"], comment=number)
    elif act == "created":
        await point_if_moved(home["id"], issue["number"], number)


async def issues(act: str, told: dict[str, Any]) -> None:
    """Somebody opened an issue, or put a label on one."""
    issue = issue_in(told)
    home = await home_of(told)
    if home is None or issue is None or act not in ("opened", "labeled") or issue.get("state") == "closed":
        return
    if is_bot(issue.get("user")) or "pull_request" in issue:
        return
    if home["is_private"] or not is_wanted(home, act, told, issue):
        return
    writer = person_of(issue.get("user"))
    await want(home["id"], issue["number"], "offer", login=writer.login if writer else "")


def is_wanted(home: Row, act: str, told: dict[str, Any], issue: dict[str, Any]) -> bool:
    """Whether the rules of a repository offer the move to this issue, now that this happened to it."""
    news = labels_of([told.get("label")] if act == "labeled" else issue.get("labels"))
    title, body = issue.get("title"), issue.get("body")
    by_triage = home["offers_by_triage"] and act == "opened" and issue.get("author_association") not in AT_HOME
    return is_offered(
        home["offers_labels"],
        by_triage,
        news,
        title if isinstance(title, str) else "",
        body if isinstance(body, str) else "",
    )


def issue_in(told: dict[str, Any]) -> dict[str, Any] | None:
    issue = told.get("issue")
    number = issue.get("number") if isinstance(issue, dict) else None
    return issue if isinstance(issue, dict) and type(number) is int and 0 < number < NUMBER_MOST else None


def is_bot(user: Any) -> bool:
    """Whether a user of a payload is no person: the bot does not talk with its like, nor with itself."""
    if not isinstance(user, dict):
        return True
    return user.get("type") == "Bot" or str(user.get("login") or "").casefold().endswith("[bot]")


async def home_of(told: dict[str, Any]) -> Row | None:
    """The repository of a delivery, where it is in a project; its name and whether it is private as the delivery has
    it."""
    one = repository_in(told.get("repository"))
    if one is None:
        return None
    number, _name, is_private = one
    row = await fetch_one("select * from github_repository where id = $1 and project_id is not null", number)
    if row is not None and row["is_private"] != is_private:
        await execute("update github_repository set is_private = $2 where id = $1", number, is_private)
        row = await fetch_one("select * from github_repository where id = $1", number)
    return row
