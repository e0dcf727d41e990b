"""Looking at whether a proof holds: a file by the one safe client, or what GitHub tells. Never within a transaction."""

import io
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog

from categories.proofs.rules import FILE_MOST, FILE_SECONDS, PAGE_MOST, Found, file_addresses, holds_token, place_of
from forum.accounts.control import Gone, Silent, still_there
from forum.accounts.providers import GitHub
from forum.database.engine import Row
from forum.outside.fetch import FetchFailed, download
from forum.settings import Settings, settings
from forum.web.i18n import _

log = structlog.get_logger()


@dataclass(frozen=True)
class Seen:
    """What a look found, and why it is not enough, in a sentence for whoever proves ("" where it holds)."""

    found: Found
    why: str = ""


def github_of(chosen: Settings) -> GitHub:
    return GitHub(chosen.github_client_id, chosen.github_client_secret, chosen.github_api_base)


async def look_for_file(way: str, address: str, token: str) -> Seen:
    """Whether the file of a proof stands where only who controls the repository or website can put it."""
    chosen = settings()
    places = file_addresses(way, address)
    if not places:
        if way == "website_file":
            return Seen(Found.FAILED, _("The project names no website. Write its address first."))
        return Seen(Found.FAILED, _("This is not the address of one repository. Write it first, or use the website."))
    seen = Seen(Found.FAILED)
    for place in places:
        seen = await look_at(chosen, place, token)
        if seen.found is not Found.FAILED:
            return seen
    return seen


async def look_at(chosen: Settings, place: str, token: str) -> Seen:
    parts = urlsplit(place)
    is_within = parts.netloc.lower() in chosen.within
    if not is_within and (parts.scheme != "https" or parts.port not in (None, 443)):
        # what anybody on the way could have written shows nothing
        return Seen(Found.FAILED, _("%(place)s: an address that begins with https:// is needed.") % {"place": place})
    file = io.BytesIO()
    try:
        await download(place, file, most=FILE_MOST, seconds=FILE_SECONDS, named_by_operator=is_within, stays=True)
    except FetchFailed as failed:
        log.info("no proof read", place=place, why=str(failed))
        if failed.is_away:
            message = _("%(place)s does not answer as it should (%(why)s). Nothing changed; try again in a while.")
            return Seen(Found.AWAY, message % {"place": place, "why": failed})
        message = _("%(place)s cannot be read: %(why)s.")
        return Seen(Found.FAILED, message % {"place": place, "why": failed})
    if not holds_token(file.getvalue(), token):
        message = _("%(place)s is there, and no line of it is the one below. Caches may keep an older one for minutes.")
        return Seen(Found.FAILED, message % {"place": place})
    return Seen(Found.HELD)


@dataclass(frozen=True)
class Words:
    """Which of the pages that a project names are there: their addresses, "" where one is not, None where its host is away (what
    was found before counts on); and why, by field: (address, reason)."""

    conduct: str | None
    guideline: str | None
    unfound: dict[str, tuple[str, str]]


async def look_at_words(proof: Row) -> Words:
    """Whether the code of conduct and the support guideline that a project names (a row of PROOF) can be read by everybody."""
    found: dict[str, str | None] = {"code_of_conduct": "", "guideline": ""}
    unfound: dict[str, tuple[str, str]] = {}
    for field in pages_of(proof):
        address = proof[field]
        seen, why = await look_for_page(address)
        found[field] = address if seen is Found.HELD else None if seen is Found.AWAY else ""
        if seen is not Found.HELD:
            unfound[field] = (address, why)
    return Words(found["code_of_conduct"], found["guideline"], unfound)


def pages_of(proof: Row) -> list[str]:
    """Which fields of a project name a page elsewhere: the guideline of one that is here is a text on this site."""
    fields = ("code_of_conduct", "guideline") if proof["project_id"] is None else ("code_of_conduct",)
    return [field for field in fields if proof[field]]


async def look_for_page(address: str) -> tuple[Found, str]:
    """Whether something to read stands at an address, and why not."""
    page, host = io.BytesIO(), urlsplit(address).netloc.lower()
    try:
        await download(address, page, most=PAGE_MOST, seconds=FILE_SECONDS, named_by_operator=host in settings().within)
    except FetchFailed as failed:
        log.info("no page read", place=address, why=str(failed))
        return (Found.AWAY if failed.is_away else Found.FAILED), str(failed)
    return (Found.HELD, "") if page.getvalue().strip() else (Found.FAILED, _("there is nothing on it"))


async def look_again(proof: Row) -> Seen:
    """The monthly look at a proof (a row of PROOF), in the way it was given."""
    way, address = proof["way"], proof["address"]
    if way in ("repository_file", "website_file"):
        return await look_for_file(way, address, proof["token"])
    what = "repository" if way == "github_repository" else "organisation"
    try:
        place = place_of(way, address)
        await still_there(github_of(settings()), what, place, proof["foreign_id"], proof["owner_id"])  # type: ignore[arg-type]
    except Gone:
        return Seen(Found.FAILED, _("On GitHub it is not there any more, or belongs to somebody else."))
    except Silent as silent:
        log.info("no proof checked", proof=proof["id"], why=str(silent))
        return Seen(Found.AWAY)
    return Seen(Found.HELD)
