"""What proofs put on other rooms' pages: the choice of a project for which one asks, and who proved a project how."""

from collections.abc import Mapping
from typing import Any

from categories.proofs.queries import behalf_of, own_proofs, proof_of_project
from forum.database.engine import Row, fetch_one
from forum.web.i18n import _
from forum.web.parts import Part
from forum.web.requests import Request


def way_text(way: str | None) -> str:
    """How something was proven, as it ends a sentence; "" for nothing."""
    texts = {
        "github_repository": _("as an administrator of the repository, which GitHub confirmed"),
        "github_organisation": _("as an owner of the organisation, which GitHub confirmed"),
        "repository_file": _("by a file in the repository"),
        "website_file": _("by a file on the website"),
    }
    return texts.get(way or "", "")


def way_name(way: str | None) -> str:
    """How something was proven, in few words, as it follows a name; "" for nothing."""
    texts = {
        "github_repository": _("its administrator on GitHub"),
        "github_organisation": _("its owner on GitHub"),
        "repository_file": _("by a file in the repository"),
        "website_file": _("by a file on the website"),
    }
    return texts.get(way or "", "")


async def capacity_project(request: Request, project: Any, typed: Any = None) -> dict[str, Any] | None:
    """Below the choice of a capacity: which of one's proven projects it is. `project`: a row or an id; `typed`: what was
    typed, by field's name, or a ticket's row or none."""
    if not request.reader.is_signed_in:
        return None
    chosen = request.fields.get("on_behalf", "") if request.is_write else ""
    if not chosen and isinstance(typed, Mapping):
        chosen = str(typed.get("on_behalf", ""))
    number = project if isinstance(project, int) else project["id"]
    grants = await fetch_one(
        "select (select discount_rate from selling where project_id = $1) as discount,"
        " (select head_start from support_policy where project_id = $1) as head_start",
        number,
    )
    assert grants is not None
    return {
        "proofs": [row for row in await own_proofs(request.reader) if row["may_ask"]],
        "chosen": chosen,
        "discount": grants["discount"] or 0,
        "head_start": grants["head_start"] or 0,
    }


async def project_facts(_request: Request, project: Row) -> dict[str, Any]:
    """On a project's home: what was proven, by whom, how and when; never the token."""
    proof = await proof_of_project(project["id"])
    return {"project": project, "proof": proof, "way": way_name(proof["way"])}


PROJECT_FACTS = Part(project_facts, "proofs/facts.html")


async def asked_for(request: Request, ticket: Row) -> dict[str, Any] | None:
    """Beside a ticket asked for another open-source project: for which; its requester says it here. For requester and
    team, which the caller asks."""
    behalf, is_own = await behalf_of(ticket["id"]), ticket["is_requester"]
    if behalf is None and not is_own:
        return None
    return {
        "ticket": ticket,
        "behalf": behalf,
        "proofs": [row for row in await own_proofs(request.reader) if row["may_ask"]] if is_own else [],
        "is_own": is_own,
        "csrf": request.csrf_token,
    }


ASKED_FOR = Part(asked_for, "proofs/behalf.html")
