"""Every outlet, for everybody it is not for: no canary of anything hidden comes out (trust.md A1, A2, A3, A10)."""

from itertools import product

import pytest

from forum.database.engine import fetch
from forum.live.hub import Hub, Socket
from forum.live.streams import streams
from forum.threads.queries import list_threads
from tests.helpers.hidden import BAIT, Place, access_routes, filled, fillings, identity, subject_of
from tests.helpers.site import Browser, Site

# What every outlet is asked beside its bare address: an outlet with a parameter of another name adds it here.
ASKED = {
    "q": BAIT,
    "title": f"The {BAIT} title text",
    "markdown": BAIT,
    "body": BAIT,
    "text": BAIT,
    "include_subcategories": "true",
    "include_raw": "1",
}
MORE = {
    "/t/{id}/posts.json": [{"post_ids[]": "{post}"}],
    "/top": [{"period": period} for period in ("day", "all")],
    "/top.json": [{"period": "all"}],
    "/latest.json": [{"order": "created", "per_page": "100"}],
    "/new-thread": [{"project": "pelican", "category": "canary{kind}"}],
    "/ask/route": [{"project": "pelican", "category": "canary{kind}"}],
    "/search": [{"q": f"in:pelican {BAIT}"}, {"q": "is:open"}],
    "/search.json": [{"q": f'"{BAIT}"'}, {"q": "is:open"}],
    "/search/live": [{"q": BAIT[:5]}],
}
# As far as `elsewhere`: the owner of another project. Admins configure the site and read nothing hidden of it.
STRANGERS = ("guest", "outsider", "elsewhere", "moderator", "admin", "supporter")


async def addresses(place: Place) -> list[tuple[str, dict[str, str]]]:
    """Every GET of the site, filled with everything hidden and with what is public, asked in every way."""
    found: list[tuple[str, dict[str, str]]] = []
    for route in access_routes():
        if "GET" not in (route.methods or ()):
            continue
        named = subject_of(route.path)
        subjects = [identity(hidden, named[1]) for hidden in place.hidden.values()] if named else [""]
        subjects.append(place.public.get(named[1], "support") if named else "")
        for subject in dict.fromkeys(subjects):
            if named and not subject:
                continue
            for values in fillings(route.path, subject):
                path = filled(route.path, values)
                found.append((path, ASKED))
                if subject == subjects[-1]:
                    found.append((path, {}))
        for asked in MORE.get(route.path, []):
            for kind, hidden in place.hidden.items():
                words = {"kind": kind, "post": str(hidden.post)}
                values = dict.fromkeys(("id",), place.public["thread"])
                query = {name: value.format(**words) for name, value in asked.items()}
                found.append((filled(route.path, values), query))
    return list({(path, tuple(query.items())): (path, query) for path, query in found}.values())


async def told(browser: Browser, path: str, query: dict[str, str]) -> str:
    """Everything in an answer, and in the page that it leads on to, less what the asker said themselves."""
    answer = await browser.get(path, params=query)
    text = ""
    for _hop in range(3):
        assert answer.status_code < 500, (path, query)
        text += answer.text + str(answer.headers.raw)
        if not answer.headers.get("location", "").startswith("/"):
            break
        answer = await browser.get(answer.headers["location"])
    for value in (*query.values(), path.rpartition("/")[2]):
        if value.startswith("canary"):
            text = text.replace(value, "")
    return text


@pytest.mark.parametrize("roles", (STRANGERS[:3], STRANGERS[3:]), ids="-".join)
async def test_no_page_fragment_json_or_search_lets_out_what_is_hidden(site: Site, roles: tuple[str, ...]) -> None:
    place = await Place.make(site)
    everywhere = await addresses(place)
    assert len(everywhere) > 150
    found = []
    for role in roles:
        canaries = place.canaries_hidden_from(role)
        assert len(canaries) > 3
        for path, query in everywhere:
            text = await told(place.browsers[role], path, query)
            found += [f"{path} {query} as {role}: {canary}" for canary in canaries if canary in text]
    assert not found, "\n".join(found)


async def test_each_canary_does_come_out_for_those_it_is_for(site: Site) -> None:
    place = await Place.make(site)
    browser = place.browsers["owner"]
    text = "".join([await told(browser, path, query) for path, query in await addresses(place)])
    missing = [h.canary for h in place.hidden.values() if "owner" in h.seen_by and h.canary not in text]
    assert not missing
    thread = f"/t/x/{place.hidden['private'].thread}"
    for outlet in (
        thread,
        f"{thread}.json",
        f"{thread}.rss",
        "/latest.rss",
        "/latest",
        "/latest.json",
        "/search",
        "/search.json",
        "/categories.json",
        "/tags.json",
    ):
        assert "canaryprivate" in await told(browser, outlet, ASKED), outlet
    author = place.world.people["canarydraftauthor"]
    assert "canarydraft" in await told(author, f"/t/{place.hidden['draft'].thread}.json", {})
    assert "canarykept" in await told(author, "/new-thread", {})


async def test_no_live_stream_lets_out_what_is_hidden(site: Site) -> None:
    place = await Place.make(site)
    rows = await fetch("select id from thread union select id from ticket union select id from project")
    ids = {0, *(row["id"] for row in rows)}
    assert {"thread", "list", "inbox", "place"} <= set(streams)
    hub, found = Hub(), []
    for role in STRANGERS:
        reader = await place.browsers[role].reader()
        canaries = place.canaries_hidden_from(role)
        visible = {row["id"] for row in await list_threads(reader, limit=100)}
        hidden = {h.thread for h in place.hidden.values() if h.thread} - visible
        for name, number in product(streams, ids):
            socket = Socket(reader)
            await hub.follow(socket, (name, number), 0)
            text = "".join(str(socket.outbox.get_nowait()) for _ in range(socket.outbox.qsize()))
            found += [f"{name}:{number} to {role}: {canary}" for canary in canaries if canary in text]
            if name == "thread" and number in hidden and '"gone": true' not in text:
                found.append(f"thread:{number} goes on for {role}: {text[:100]}")
            hub.leave(socket)
    assert not found, "\n".join(found)


async def test_a_live_list_names_no_thread_that_its_reader_may_not_see(site: Site) -> None:
    place = await Place.make(site)
    for role in STRANGERS:
        reader = await place.browsers[role].reader()
        visible = {row["id"] for row in await list_threads(reader, limit=100)}
        news = (await streams["list"].since(0, {0: (reader, 0)}))[0]
        moved = {thread for item in news.items for thread in item["moved"]}
        assert moved == visible, role
