"""Where a project is proven: `/p/{project}/settings/proof` for one that is here, `/proofs` for those that only ask."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from starlette.responses import Response

from categories.proofs import actions
from categories.proofs.checks import github_of, look_at_words, look_for_file, pages_of
from categories.proofs.parts import capacity_project, way_text
from categories.proofs.queries import own_proofs, proof_for, proof_of_project
from categories.proofs.rules import FILE, Found, file_addresses, place_of
from forum.accounts import attempts
from forum.accounts.attempts import Attempt
from forum.accounts.control import SCOPES, What, ask_control
from forum.accounts.doors import callback_address
from forum.accounts.providers import GITHUB, NotProven, Provider
from forum.database.engine import Row, fetch_value
from forum.projects.queries import project_by_slug
from forum.projects.roles import require
from forum.projects.settings_links import Link
from forum.threads.pages import asked_id, back_to_thread
from forum.web.errors import Conflict, Invalid, NotFound, Problem
from forum.web.i18n import _
from forum.web.limits import limit
from forum.web.pages import page, redirect
from forum.web.parts import Part
from forum.web.requests import Form, Request
from forum.web.routing import route
from forum.web.switches import check_writable

log = structlog.get_logger()
ERRAND: Final = "proof"
SETTINGS = Link("proof", lambda: _("Proof"), "edit_project")
# Looks that one person may have made, in so many seconds: each asks a stranger's server.
LOOKS, LOOKS_WITHIN = 20, 3600


def address_of(proof: Row) -> str:
    """Where a proof is shown and made."""
    return f"/p/{proof['slug']}/settings/proof" if proof["project_id"] is not None else f"/proofs/{proof['id']}"


def proving(request: Request, proof: Row) -> dict[str, Any]:
    """What the ways of proving show: which of them the project's addresses allow, and what is still missing."""
    has_github = GITHUB in dict(request.settings.ways_in)
    missing = [
        (field, label)
        for field, label in (
            ("website", _("a website")),
            ("code_of_conduct", _("a code of conduct")),
            ("guideline", _("a support guideline")),
        )
        if not proof[field]
    ]
    return {
        "proof": proof,
        "way": way_text(proof["way"]),
        "has_github": has_github,
        "repository": has_github and place_of("github_repository", proof["repository"]),
        "organisation": has_github and place_of("github_organisation", proof["repository"]),
        "file": FILE,
        "in_repository": bool(file_addresses("repository_file", proof["repository"])),
        "on_website": next(iter(file_addresses("website_file", proof["website"])), ""),
        "missing": [label for _field, label in missing],
        "unfound": unfound_of(proof),
    }


def unfound_of(proof: Row) -> list[tuple[str, str, str]]:
    """The pages that a project names and that were not found: (what, address, why), `why` "" for one not looked at yet."""
    names = {"code_of_conduct": _("The code of conduct"), "guideline": _("The support guideline")}
    kept = {"code_of_conduct": "conduct_found", "guideline": "guideline_found"}
    told = []
    for field in pages_of(proof):
        if proof[kept[field]] != proof[field]:
            address, why = proof["unfound"].get(field, ("", ""))
            told.append((names[field], proof[field], why if address == proof[field] else ""))
    return told


async def project_proof(request: Request) -> Response:
    """`/p/{project}/settings/proof`: for maintainers and owners."""
    project = await project_by_slug(request.path_params["project"])
    require(request.reader, "edit_project", project["id"])
    return await project_page(request, await proof_of_project(project["id"]))


async def project_page(request: Request, proof: Row, status: int = 200, trouble: str = "") -> Response:
    return await page(
        request,
        "proofs/project.html",
        status,
        project=await project_by_slug(proof["slug"]),
        active="settings",
        trouble=trouble,
        edit_url=f"/p/{proof['slug']}/settings",
        **proving(request, proof),
    )


async def shown(request: Request, proof: Row, status: int = 200, trouble: str = "") -> Response:
    """The page of a proof, whichever it is; `trouble`: why what was tried did not work, in a sentence."""
    if proof["project_id"] is not None:
        return await project_page(request, proof, status, trouble)
    return await asker_page(request, proof, status, trouble=trouble)


async def asker_page(
    request: Request,
    proof: Row,
    status: int = 200,
    *,
    trouble: str = "",
    values: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
) -> Response:
    return await page(
        request,
        "proofs/asker.html",
        status,
        trouble=trouble,
        edit_url="#words",
        values=values or {name: proof[name] for name in actions.WORDS},
        faults=faults or {},
        **proving(request, proof),
    )


async def proofs(request: Request) -> Response:
    """`/proofs`: the open-source projects of a person, and a form to name another."""
    values, faults = dict.fromkeys(actions.WORDS, ""), {}
    status = 200
    if request.method == "POST":
        form = request.fields
        try:
            asker = read_asker(form)
            await limit(f"proof-begun:{request.reader.person}", most=LOOKS, seconds=86400)
            made = await actions.begin_asker(request.reader, asker)
            return redirect(request, f"/proofs/{made}", _("Kept. Now show that it is yours."))
        except (Invalid, Conflict) as problem:
            values = {name: form.get(name, "") for name in values}
            faults, status = (
                dict(problem.errors) if isinstance(problem, Invalid) else {"": problem.message},
                problem.status,
            )
    return await page(
        request, "proofs/proofs.html", status, proofs=await own_proofs(request.reader), values=values, faults=faults
    )


def read_asker(form: Form) -> actions.Asker:
    """What was typed. Raises Invalid."""
    words = {name: form.text(name, limit=most, required=name == "name") for name, most in actions.WORDS.items()}
    form.check()
    return actions.Asker(**words)


async def asker(request: Request) -> Response:
    """`/proofs/{proof}`: one's own project that only asks; POST changes its words, or (`drop`) takes it out."""
    proof = await proof_for(request.reader, request.path_params["proof"])
    if proof["project_id"] is not None:
        return redirect(request, address_of(proof))
    if request.method != "POST":
        return await asker_page(request, proof)
    form = request.fields
    if "drop" in form:
        await actions.drop_asker(request.reader, proof["id"])
        return redirect(request, "/proofs", _("Taken out."))
    try:
        await actions.edit_asker(request.reader, proof["id"], read_asker(form))
    except Invalid as problem:
        values = {name: form.get(name, "") for name in actions.WORDS}
        return await asker_page(request, proof, problem.status, values=values, faults=problem.errors)
    return redirect(request, f"/proofs/{proof['id']}", _("Saved."))


async def look(request: Request) -> Response:
    """`/proofs/{proof}/file`: have the file looked for, in the repository or (`where` website) on the website."""
    proof = await proof_for(request.reader, request.path_params["proof"])
    is_website = request.fields.get("where") == "website"
    way = "website_file" if is_website else "repository_file"
    address = proof["website"] if is_website else proof["repository"]
    await limit(f"proof:{request.reader.person}", most=LOOKS, seconds=LOOKS_WITHIN)
    seen = await look_for_file(way, address, proof["token"])
    if seen.found is not Found.HELD:
        return await shown(request, proof, 503 if seen.found is Found.AWAY else 422, seen.why)
    return await proven(request, proof, way, address)


async def proven(request: Request, proof: Row, way: str, address: str, **more: Any) -> Response:
    try:
        await actions.show(request.reader, proof["id"], way, address, **more)
    except Conflict as problem:
        return await shown(request, proof, problem.status, problem.message)
    shown_now = await proof_for(request.reader, proof["id"])
    words = await look_at_words(shown_now)
    await actions.note_words(shown_now, words, datetime.now(UTC))
    if words.unfound:
        return redirect(request, address_of(proof), _("Proven. Not everything that it names was found: see below."))
    return redirect(request, address_of(proof), _("Proven. Thank you."))


async def look_words(request: Request) -> Response:
    """`/proofs/{proof}/words`: have the code of conduct and the guideline looked at that the project names by now."""
    proof = await proof_for(request.reader, request.path_params["proof"])
    await limit(f"proof:{request.reader.person}", most=LOOKS, seconds=LOOKS_WITHIN)
    words = await look_at_words(proof)
    await actions.note_words(proof, words, datetime.now(UTC))
    said = _("Not everything was found: see below.") if words.unfound else _("Found.")
    return redirect(request, address_of(proof), said)


async def to_github(request: Request) -> Response:
    """`/proofs/{proof}/github`: on to GitHub, which is asked for as little as tells of the one place."""
    proof = await proof_for(request.reader, request.path_params["proof"])
    if GITHUB not in dict(request.settings.ways_in):
        raise NotFound
    what: What = "organisation" if request.fields.get("what") == "organisation" else "repository"
    place = place_of(f"github_{what}", proof["repository"])
    if not place:
        return await shown(request, proof, 422, _("The project names no place on GitHub. Write its repository first."))
    await limit(f"proof:{request.reader.person}", most=LOOKS, seconds=LOOKS_WITHIN)
    github = github_of(request.settings)
    made = await attempts.begin(
        GITHUB,
        request.bearer,
        next=address_of(proof),
        person=request.reader.person,
        draft={"what": what, "address": proof["repository"]},
        errand=ERRAND,
        subject=proof["id"],
    )
    address = await github.address(made, callback_address(request, github), SCOPES[what])
    return await page(request, "proofs/onward.html", address=address, place=place, what=what)


async def github_answered(request: Request, provider: Provider, attempt: Attempt) -> Response:
    """GitHub's answer to `to_github`: its code is good for one question, and nobody is signed in by it."""
    if not request.reader.is_signed_in or attempt.person != request.reader.person or attempt.subject is None:
        raise NotFound
    await check_writable(request)
    proof = await proof_for(request.reader, attempt.subject)
    query = request.query_params
    if "error" in query or not query.get("code"):
        return await shown(request, proof, 400, _("GitHub says that you did not agree. Nothing changed."))
    # the address that was asked about, not what the project may name by now
    what: What = "organisation" if attempt.draft.get("what") == "organisation" else "repository"
    address = attempt.draft.get("address", "")
    place = place_of(f"github_{what}", address)
    github = github_of(request.settings)
    try:
        control = await ask_control(
            github, attempt.made, callback_address(request, provider), query["code"], what, place
        )
    except NotProven as error:
        log.info("not proven", proof=proof["id"], why=error.why)
        return await shown(request, proof, error.status, error.message)
    return await proven(request, proof, f"github_{what}", address, control=control)


async def on_behalf(request: Request) -> Response:
    """`/tickets/{id}/on-behalf`: a requester says for which proven project a ticket is asked."""
    ticket = asked_id(request)
    chosen = request.fields.get("on_behalf", "")
    await actions.ask_for(request.reader, ticket, int(chosen) if chosen.isdecimal() and len(chosen) < 19 else None)
    thread = await fetch_value("select thread_id from ticket where id = $1", ticket)
    return await back_to_thread(request, thread, notice=_("Saved."))


async def sent(request: Request, ticket: int) -> None:
    """The form of asking was sent with the piece of `capacity_project` in it: keep which project was chosen. What cannot be
    kept is said on the ticket, and asking goes on."""
    chosen = request.fields.get("on_behalf", "")
    if request.fields.get("capacity") == "project" and chosen.isdecimal() and len(chosen) < 19:
        try:
            await actions.ask_for(request.reader, ticket, int(chosen))
        except Problem as problem:
            log.info("not asked for a project", ticket=ticket, why=problem.message)


CAPACITY_PROJECT = Part(capacity_project, "proofs/capacity_project.html", sent=sent)

routes = [
    route("/p/{project}/settings/proof", project_proof, access="signed_in"),
    route("/proofs", proofs, access="signed_in", methods=("GET", "POST")),
    route("/proofs/{proof:int}", asker, access="signed_in", methods=("GET", "POST")),
    route("/proofs/{proof:int}/file", look, access="signed_in", methods=("POST",)),
    route("/proofs/{proof:int}/words", look_words, access="signed_in", methods=("POST",)),
    route("/proofs/{proof:int}/github", to_github, access="signed_in", methods=("POST",)),
    route("/tickets/{id}/on-behalf", on_behalf, access="signed_in", methods=("POST",)),
]
