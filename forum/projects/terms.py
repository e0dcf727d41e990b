"""Terms and codes of conduct: written by owners (of the site: admins), kept version by version, asked for at submission."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from markupsafe import Markup

from forum import audit
from forum.database.engine import Row, action, execute
from forum.markup import cook
from forum.projects.queries import versions_of_terms
from forum.projects.roles import require
from forum.web.errors import Forbidden, Invalid
from forum.web.i18n import _
from forum.web.reader import Reader
from forum.web.requests import Form

KINDS: Final = ("terms", "conduct")
BODY_MOST: Final = 20_000


@lru_cache(maxsize=256)
def cooked(markdown: str) -> Markup:
    """A text as HTML; the text is the key, so a changed one is never shown as it was."""
    return Markup(cook(markdown).html)


def to_accept(terms: Sequence[Row]) -> list[dict[str, Any]]:
    """What `unaccepted_terms` found, as a form shows it: id, title, html, version, before."""
    titles = {
        (True, "terms"): _("The terms of this site"),
        (True, "conduct"): _("The code of conduct of this site"),
        (False, "terms"): _("The terms of the project"),
        (False, "conduct"): _("The code of conduct of the project"),
    }
    return [
        {
            "id": row["id"],
            "title": titles[row["project_id"] is None, row["kind"]],
            "html": cooked(row["body"]),
            "version": row["version"],
            "before": row["before"],
        }
        for row in terms
    ]


def shown_terms(form: Form) -> frozenset[int] | None:
    """The versions that stood in the form which was sent, None where it does not say: nobody accepts what was put in force
    while they wrote."""
    told = form.get("terms_shown", "")[:1000].split()
    return frozenset(int(each) for each in told if each.isascii() and each.isdigit()) if told else None


@action
async def publish_terms(reader: Reader, project: int | None, kind: str, body: str, version: int) -> int:
    """Put a new version in force (None: the site's); everybody is asked for it at their next submission. The same text
    is no new version; an empty one takes a project's back. Returns the version in force.

    `version` is the one this was written upon. Raises Forbidden, Invalid.
    """
    if project is None:
        if not reader.is_admin:
            raise Forbidden
    else:
        require(reader, "sell", project)
    if kind not in KINDS:
        raise Invalid({"kind": _("Choose one of these.")})
    body = body.replace("\r\n", "\n").strip()
    if len(body) > BODY_MOST:
        raise Invalid({"body": _("At most %(n)d characters.") % {"n": BODY_MOST}})
    if not body and project is None and kind == "terms":
        raise Invalid({"body": _("The site always has terms.")})
    before = await versions_of_terms(project, kind)
    newest = before[0]["version"] if before else 0
    if body == (before[0]["body"] if before else ""):
        return int(newest)
    if version != newest:
        raise Invalid(
            {"body": _("Somebody published version %(n)d meanwhile. See what it says first.") % {"n": newest}}
        )
    await execute(
        "insert into terms (project_id, kind, version, body, author_id) values ($1, $2, $3, $4, $5)",
        project,
        kind,
        newest + 1,
        body,
        reader.person,
    )
    await audit.record(
        "terms_published", actor=reader.person, subject=("project", project or 0), terms=kind, version=newest + 1
    )
    return int(newest) + 1


def still_ticked(form: Form, terms: Sequence[Mapping[str, Any]]) -> bool:
    """Whether consent stands in a form that comes back, which it does for the versions that stood in it."""
    shown = shown_terms(form) or frozenset()
    return form.get("terms") == "1" and all(term["id"] in shown for term in terms)
