"""Writing response templates: one's own, or as a maintainer the project's; and counting what was used."""

from dataclasses import dataclass

from categories.support.replies.examples import examples
from categories.support.replies.queries import may_edit, template_by_word, template_for
from categories.support.replies.rules import (
    PURPOSES,
    TEMPLATES_MOST,
    TEXT_MOST,
    TITLE_MOST,
    WORD,
    unknown_in,
    variables,
)
from forum import audit
from forum.database.engine import Row, action, execute, fetch_one, fetch_value
from forum.projects.roles import require
from forum.threads.writing import require_writer
from forum.web.errors import Conflict, Forbidden, Invalid
from forum.web.i18n import _
from forum.web.reader import Reader


@dataclass(frozen=True)
class Written:
    """A template as somebody wrote it; `is_own`: theirs alone, else the project's."""

    word: str
    title: str
    markdown: str
    purpose: str = "reply"
    is_own: bool = True


def check(written: Written) -> None:
    """Raises Invalid with every fault, by field."""
    faults = {}
    if not WORD.fullmatch(written.word):
        faults["word"] = _("Up to 30 small letters, digits and dashes, such as known-issue.")
    if not 1 <= len(written.title) <= TITLE_MOST:
        faults["title"] = _("One line of up to %(n)d characters.") % {"n": TITLE_MOST}
    if not 1 <= len(written.markdown) <= TEXT_MOST:
        faults["markdown"] = _("A text of up to %(n)d characters.") % {"n": TEXT_MOST}
    elif unknown := unknown_in(written.markdown):
        faults["markdown"] = _(
            "There is no variable %(unknown)s. There are: %(known)s. Write {{ and }} for braces that are braces."
        ) % {
            "unknown": ", ".join(f"{{{name}}}" for name in unknown[:10]),
            "known": ", ".join(f"{{{name}}}" for name in variables()),
        }
    if written.purpose not in PURPOSES:
        faults["purpose"] = _("Choose one of these.")
    if faults:
        raise Invalid(faults)


def require_edit(reader: Reader, project: int, *, is_own: bool) -> None:
    """Raises SignInFirst or Forbidden: one's own are for who may use templates, the project's are the maintainers'."""
    require_writer(reader)
    require(reader, "use_templates", project)
    if not is_own:
        require(reader, "edit_project", project)


@action
async def create(reader: Reader, project: int, written: Written) -> int:
    """A new template; returns its id. Raises Forbidden, Invalid (a fault, or the word is taken), Conflict (too many)."""
    require_edit(reader, project, is_own=written.is_own)
    check(written)
    # one after another, so that the limit holds, and two of one word are told from each other
    await execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"response_template:{project}")
    owner = reader.person if written.is_own else None
    await check_word(project, owner, written.word)
    there = await fetch_value(
        "select count(*) from response_template where project_id = $1 and owner_id is not distinct from $2"
        " and deleted_at is null",
        project,
        owner,
    )
    if there >= TEMPLATES_MOST:
        raise Conflict(_("There are %(n)d templates already. Delete one that nobody uses.") % {"n": TEMPLATES_MOST})
    made: int = await fetch_value(
        "insert into response_template (project_id, owner_id, word, title, markdown, purpose, changed_by)"
        " values ($1, $2, $3, $4, $5, $6, $7) returning id",
        project,
        owner,
        written.word,
        written.title,
        written.markdown,
        written.purpose,
        reader.person,
    )
    await note("template-created", reader, made, owner)
    return made


async def note(kind: str, reader: Reader, template: int, owner: int | None) -> None:
    """What is done to the project's words is on record; one's own are one's own."""
    if owner is None:
        await audit.record(kind, actor=reader.person, subject=("response_template", template))


async def check_word(project: int, owner: int | None, word: str, *, but: int = 0) -> None:
    """Raises Invalid where another living template of the same owner has the word."""
    taken = await fetch_value(
        "select 1 from response_template where project_id = $1 and owner_id is not distinct from $2 and word = $3"
        " and deleted_at is null and id <> $4",
        project,
        owner,
        word,
        but,
    )
    if taken:
        raise Invalid({"word": _("Another template has this word.")})


async def editable(reader: Reader, project: int, template: int, *, deleted: bool = False) -> Row:
    """A template locked for a change. Raises NotFound where the reader may not even use it, Forbidden."""
    row = await template_for(reader, project, template, deleted=deleted)
    if not may_edit(reader, row):
        raise Forbidden
    require_writer(reader)
    locked = await fetch_one("select * from response_template where id = $1 for update", template)
    assert locked is not None  # rows are never taken away
    return locked


@action
async def change(reader: Reader, project: int, template: int, written: Written, *, version: int | None = None) -> None:
    """Write a template anew; whose it is stays. `version`: what this was written upon. Raises NotFound, Forbidden, Invalid,
    Conflict (somebody changed it since)."""
    row = await editable(reader, project, template)
    check(written)
    if version is not None and version != row["version"]:
        raise Conflict(_("Somebody has changed this template meanwhile. Reload to see it; your text is still here."))
    await check_word(project, row["owner_id"], written.word, but=template)
    await execute(
        "update response_template set word = $2, title = $3, markdown = $4, purpose = $5, changed_by = $6,"
        " changed_at = now(), version = version + 1 where id = $1",
        template,
        written.word,
        written.title,
        written.markdown,
        written.purpose,
        reader.person,
    )
    await note("template-changed", reader, template, row["owner_id"])


@action
async def delete(reader: Reader, project: int, template: int) -> None:
    """Take a template away; it can be had back. Raises NotFound, Forbidden."""
    row = await editable(reader, project, template, deleted=True)
    if row["deleted_at"] is None:
        await execute("update response_template set deleted_at = now() where id = $1", template)
        await note("template-deleted", reader, template, row["owner_id"])


@action
async def restore(reader: Reader, project: int, template: int) -> None:
    """Have a deleted template back. Raises NotFound, Forbidden, Invalid (its word was given away since)."""
    row = await editable(reader, project, template, deleted=True)
    if row["deleted_at"] is None:
        return
    await check_word(project, row["owner_id"], row["word"], but=template)
    await execute("update response_template set deleted_at = null where id = $1", template)
    await note("template-restored", reader, template, row["owner_id"])


@action
async def adopt(reader: Reader, project: int, word: str) -> int:
    """Take an offered example over as the project's own; returns its id. Raises Forbidden, Invalid."""
    require_edit(reader, project, is_own=False)
    for each in examples():
        if each.word == word:
            return await create(
                reader, project, Written(each.word, each.title, each.markdown, each.purpose, is_own=False)
            )
    raise Invalid({"example": _("Choose one of these.")})


@action
async def use(reader: Reader, project: int, *, template: int = 0, word: str = "") -> Row:
    """A template that is about to be sent, by id or by its word; its use is counted. Raises NotFound."""
    row = await (template_for(reader, project, template) if template else template_by_word(reader, project, word))
    await execute("update response_template set uses = uses + 1, used_at = now() where id = $1", row["id"])
    return row
