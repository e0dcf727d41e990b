"""`/p/{project}/settings/mail`: what a project says in its mails, with each mail as it would look."""

from typing import Final

from starlette.responses import PlainTextResponse, Response

from forum.database.engine import Row
from forum.mail.preview import FRAMED, framed, framing
from forum.mail.samples import occasions, sample_notice
from forum.mail.words import LONGEST, OCCASIONS, SOMEBODY, VARIABLES, Words, faults_of, word_mails, words_of
from forum.projects.queries import project_by_slug
from forum.projects.roles import require
from forum.projects.settings_links import Link
from forum.web.errors import NotFound
from forum.web.i18n import _
from forum.web.pages import redirect
from forum.web.requests import Request
from forum.web.routing import route

SETTINGS: Final = Link("mail", lambda: _("Mails"), "edit_project")


async def editable(request: Request) -> Row:
    """The project in the path, for who may edit it. Raises NotFound, Forbidden."""
    project = await project_by_slug(request.path_params["project"])
    require(request.reader, "edit_project", project["id"])
    return project


def own_words(project: int, words: Words) -> dict[str, str]:
    """Every text as it stands in the form."""
    return {name: words.get((project, name)) or each.words() for name, each in OCCASIONS.items()}


async def mail_words(request: Request) -> Response:
    """The form, as things are."""
    project = await editable(request)
    return await words_page(request, project, own_words(project["id"], await words_of([project["id"]])), {})


async def words_page(request: Request, project: Row, values: dict[str, str], errors: dict[str, str]) -> Response:
    return await framing(
        request,
        "mail/words.html",
        422 if errors else 200,
        project=project,
        active="settings",
        # what stands below all of them is last
        occasions=sorted(OCCASIONS.values(), key=lambda each: each.name == "closing"),
        previewed=occasions(),
        values=values,
        errors=errors,
        variables=[(name, text()) for name, text in VARIABLES.items()],
        somebody=SOMEBODY,
    )


def typed(request: Request) -> tuple[dict[str, str], dict[str, str]]:
    """What was typed, by occasion, and what is wrong with it."""
    form = request.fields
    values = {name: form.text(f"words-{name}", limit=LONGEST, required=False) for name in OCCASIONS}
    values = {name: text or OCCASIONS[name].words() for name, text in values.items()}
    faults = {name: fault for name, text in values.items() if (fault := faults_of(name, text))}
    return values, faults | {field.removeprefix("words-"): fault for field, fault in form.errors.items()}


async def keep_words(request: Request) -> Response:
    """Keep what was typed; pressed beside one of the mails (`of`), show it and keep nothing."""
    project = await editable(request)
    values, faults = typed(request)
    if "of" in request.fields:
        return words_preview(request, project, values, faults)
    if faults:
        return await words_page(request, project, values, faults)
    await word_mails(request.reader.person, project["id"], values)
    return redirect(request, f"/p/{project['slug']}/settings/mail", _("Kept. The next mails say it so."))


def words_preview(request: Request, project: Row, values: dict[str, str], faults: dict[str, str]) -> Response:
    """One mail (`of`) in the words that were typed, before they are kept, for the frame beside them."""
    of, look = request.fields.get("of", ""), request.fields.get("look", "light")
    if of not in occasions():
        raise NotFound
    if faults:
        return PlainTextResponse("\n".join(faults.values()), 422, {"content-security-policy": FRAMED})
    words = {(project["id"], name): text for name, text in values.items() if text}
    letter = sample_notice(of, request.settings, project["id"], project["name"], words)
    if look == "text":
        shown = f"{letter.subject}\n\n{letter.text}"
        return PlainTextResponse(shown, headers={"content-security-policy": FRAMED})
    return framed(letter, look)


routes = [
    route("/p/{project}/settings/mail", mail_words, access="signed_in"),
    route("/p/{project}/settings/mail", keep_words, access="signed_in", methods=("POST",)),
]
