"""The job `mail_notice`: one notice as a mail of its own, as part of its thread in every mail program."""

from typing import Any, Final

from forum.database.engine import Row, execute
from forum.jobs import do
from forum.notifications.kinds import kinds
from forum.notifications.queries import address_of, notice_to_mail, sentence_of
from forum.notifications.unsubscribe import ways_out
from forum.settings import Settings, settings
from forum.web import i18n
from forum.web.i18n import _

NEW_TICKET: Final = "new_ticket"


async def mail_notice(notice: int) -> None:
    """Mail a notice to its person, unless that was done; what they may not see any more is not mailed (trust.md A4)."""
    row = await notice_to_mail(notice)
    if row is None or row["mailed_at"] is not None or row["kind"] not in kinds:
        return
    current = settings()
    i18n.current.set(row["locale"] or "en")
    if not sentence_of(row):
        return
    purpose, where = purpose_of(row)
    way = ""
    if purpose:
        token = (await ways_out([row["person_id"]], purpose, **where)).get(row["person_id"])
        if token is None:
            return
        way = f"{current.base_url}/unsubscribe/{token}"
    await do("send_mail", template="notice", person=row["person_id"], **letter_of(row, way, purpose, current))
    await execute("update notice set mailed_at = now() where id = $1 and mailed_at is null", notice)


def purpose_of(row: Row) -> tuple[str, dict[str, int | None]]:
    """What the mail's way out ends: the mails about new tickets, or about one thread. What is about neither concerns a
    person's own standing, as mails of their account do, and has none: no way out may end something else."""
    if row["kind"] == NEW_TICKET:
        return "new_tickets", {"project": row["project_id"]}
    if row["thread_id"] is not None:
        return "thread", {"thread": row["thread_id"]}
    return "", {}


def letter_of(row: Row, way: str, purpose: str, current: Settings) -> dict[str, Any]:
    """What `send_mail` is given for a notice. Ids are of posts and persons, so that a mail sent again is the same, and
    answers, references and bounces find their way."""
    person, thread = row["person_id"], row["thread_id"]
    # only who asks and the team may answer by mail; the door for that may be shut
    may_answer = thread is not None and (row["is_team"] or row["asks"])
    is_post = row["post_id"] is not None and row["kind"] != "accepted"
    own = f"post-{row['post_id']}-{person}" if is_post else f"notice-{row['id']}-{person}"
    root = f"post-{row['first_post']}-{person}" if thread is not None else ""
    parent = f"post-{row['parent_post']}-{person}" if is_post and row["parent_post"] else ""
    references = [each for each in dict.fromkeys((root, parent)) if each and each != own]
    said = {"title": row["title"] or "", "name": row["name"] or row["said"].get("by", ""), **row["said"]}
    told = kinds[row["kind"]].told(said)
    for link in told["links"]:
        link["url"] = whole(link["url"], current)
    return {
        "envelope": {
            "message_id": own,
            "references": references,
            "list_id": f"{row['project_slug']}" if row["project_slug"] else "notices",
            "unsubscribe": way,
            "topic": row["title"] or "",
            "answers": {"thread": thread, "project": row["project_slug"]} if may_answer else None,
        },
        "project": row["project_id"],
        **told,
        "project_name": row["project_name"] or current.site_name,
        "title": row["title"] or "",
        "name": said["name"],
        "intro": sentence_of(row, in_mail=True),
        "is_answer": bool(references),
        "is_whisper": is_post and row["purpose"] == "whisper",
        "text": row["markdown"] if is_post else "",
        "html": row["html"] if is_post else "",
        "facts": [],
        "url": current.base_url + address_of(row),
        "why": why_of(row),
        "stop": {
            "thread": _("Hear nothing more of this thread:"),
            "new_tickets": _("No mails about new tickets any more:"),
        }.get(purpose, ""),
        "unsubscribe": way,
    }


def whole(path: str, current: Settings) -> str:
    """The whole address of a path; of what is elsewhere its own."""
    return current.base_url + path if path.startswith("/") else path


def why_of(row: Row) -> str:
    """Why somebody gets this mail."""
    if row["kind"] == NEW_TICKET:
        return _("You asked to hear of every new ticket of this project.")
    if row["level"] == "every":
        return _("You chose to hear of every message in this thread.")
    if kinds[row["kind"]].is_answer:
        return _("You get this at once because you asked.")
    return _("You get this because it concerns you.")
