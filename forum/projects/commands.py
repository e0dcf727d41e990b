"""What the command line does to projects."""

from forum.database.engine import fetch_value
from forum.projects.actions import NewProject, create_project
from forum.web.errors import Invalid
from forum.web.i18n import _


async def create_project_for(slug: str, name: str, owner_username: str, entity: str) -> int:
    """Register a project with its four categories for a person of this site; returns its id.

    `entity` names the legal entity; "" means the project's own name. Raises Invalid with a sentence for each
    fault: `slug`, `name`, `entity` as `create_project`, `owner` for a name that nobody here has.
    """
    owner = await fetch_value(
        "select id from person where lower(username) = lower($1) and kind = 'local' and disabled_at is null",
        owner_username,
    )
    if owner is None:
        raise Invalid({"owner": _("Nobody here has this name.")})
    return await create_project(owner, NewProject(slug=slug.lower(), name=name, entity=entity or name))
