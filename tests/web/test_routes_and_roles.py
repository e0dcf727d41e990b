"""Every route in every role (trust.md A15): whoever may not see a thing cannot tell it from one that is not there."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product
from typing import Any

import httpx
import pytest

from forum.database.engine import fetch, fetch_value, transaction
from forum.web import csrf
from forum.web.routing import AccessRoute
from tests.helpers.hidden import (
    FILLERS,
    NOBODY_HAS,
    ROLES,
    TEAM,
    Place,
    access_routes,
    filled,
    fillings,
    identity,
    names_in,
    subject_of,
)
from tests.helpers.site import Browser, Site

# One form that every write finds its fields in, so that what refuses it is never a missing field.
FORM = {
    "markdown": "Words of mine.",
    "purpose": "reply",
    "then": "",
    "number": "2",
    "category": "1",
    "on": "1",
    "username": "sam",
    "capacity": "personal",
    "terms": "1",
    "title": "A title of mine",
    "reason": "",
    "project": "pelican",
    "tags": "",
    "key": "new-thread",
    "amount": "50.00",
    "method": "offline",
    "currency": "EUR",
    "step": "pay",
    "seen": "5000-5000-EUR-1",
    "body": "Words of mine.",
}
# The same for the calls of programs, which take no field that they did not ask for.
BODIES: dict[str, dict[str, Any]] = {
    "/posts.json": {"raw": "Words of mine.", "title": "A title of mine", "category": 2},
    "/posts/{id}.json": {"post": {"raw": "Words of mine."}},
    "/post_actions.json": {"id": 1, "post_action_type_id": 2},
    "/t/-/{id}.json": {"title": "A title of mine"},
    "/t/{id}.json": {"title": "A title of mine"},
    "/t/{id}/status.json": {"status": "closed", "enabled": "true"},
    "/api/v1/projects/{project}/tickets": {"title": "A title", "markdown": "x", "capacity": "personal"},
    "/api/v1/threads/{id}/promotion": {"title": "A title of mine", "markdown": "Words of mine."},
    "/api/v1/tickets/{id}/bumps": {"amount": 5000, "currency": "EUR", "method": "offline"},
    "/api/v1/bumps/{id}/received": {},
    "/api/v1/projects/{project}/templates": {"word": "mine", "title": "Mine", "markdown": "Words.", "own": True},
    "/api/v1/projects/{project}/templates/{template}": {"word": "mine", "title": "Mine", "markdown": "Words."},
    "/api/v1/tickets/{id}/answers": {"markdown": "Words of mine.", "purpose": "reply"},
}
# Written by a GET on purpose: when somebody was here, read up to where, used which key, how often.
MOVING = ("session", "read_position", "api_key", "rate")


class Undo(Exception):
    """Ends a transaction without keeping anything."""


@asynccontextmanager
async def undone() -> AsyncIterator[None]:
    """Whatever the site writes in here is taken back."""
    try:
        async with transaction():
            yield
            raise Undo
    except Undo:
        pass


def methods_of(route: AccessRoute) -> list[str]:
    return sorted((route.methods or set()) - {"HEAD"})


async def send(browser: Browser, method: str, pattern: str, path: str, *, with_token: bool = True) -> httpx.Response:
    """One request as a page's form or a program's call would make it."""
    if method == "GET":
        return await browser.get(path)
    if not browser.token():
        browser.http.cookies.set(csrf.GUEST_COOKIE, csrf.new_guest())
    headers = {"x-csrf-token": browser.token()} if with_token else {}
    headers["idempotency-key"] = "one of mine"
    if pattern in BODIES:
        return await browser.http.request(method, path, json=BODIES[pattern], headers=headers)
    return await browser.http.request(method, path, data=FORM, headers=headers)


def test_every_parameter_of_every_route_is_known_here() -> None:
    unknown = {(route.path, name) for route in access_routes() for name in names_in(route.path) if name not in FILLERS}
    assert not unknown, f"say in tests/helpers/hidden.py what fills these: {unknown}"
    unnamed = {
        route.path
        for route in access_routes()
        for name in names_in(route.path)
        if not FILLERS[name] and (subject_of(route.path) or ("",))[0] != name
    }
    assert not unnamed, f"say in SUBJECTS what these name: {unnamed}"
    programs = {
        route.path
        for route in access_routes()
        if methods_of(route) != ["GET"] and (route.path.endswith(".json") or route.path.startswith("/api/"))
    }
    assert programs == set(BODIES), "say in BODIES what these take"


GROUPS = (
    ("guest", "outsider", "requester", "elsewhere"),
    ("moderator", "admin", "supporter"),
    ("triager", "maintainer", "owner"),
)


@pytest.mark.parametrize("roles", GROUPS, ids="-".join)
async def test_what_is_hidden_is_as_if_it_were_not_there(site: Site, roles: tuple[str, ...]) -> None:
    place = await Place.make(site)
    wrong = []
    for role in roles:
        for route in access_routes():
            if subject_of(route.path) is not None:
                wrong += await told_of_hidden(place, role, route)
    assert not wrong, "\n".join(wrong)


async def told_of_hidden(place: Place, role: str, route: AccessRoute) -> list[str]:
    """Where a route's answer about something hidden differs from its answer about nothing at all."""
    browser = place.browsers[role]
    as_role = "outsider" if role == "elsewhere" else role
    parameter, named = subject_of(route.path) or ("", "")
    missing = str(NOBODY_HAS) if named not in ("category", "tag") else "nothing-like-it"
    wrong, asked = [], 0
    for method in methods_of(route):
        absent = {}
        for values in fillings(route.path, missing):
            async with undone():
                answer = await send(browser, method, route.path, filled(route.path, values))
            absent[json.dumps(values)] = answer.status_code
        for kind, hidden in place.hidden.items():
            subject = identity(hidden, named)
            for values in fillings(route.path, subject) if subject else ():
                path = filled(route.path, values)
                async with undone():
                    answer = await send(browser, method, route.path, path)
                asked += 1
                status, where = answer.status_code, f"{role}: {method} {path} ({kind}): {answer.status_code}"
                if status >= 500:
                    wrong.append(where)
                if as_role in hidden.seen_by:
                    continue
                nothing = absent[json.dumps(values | {parameter: missing})]
                if status != nothing or status < 300:
                    wrong.append(f"{where}, where nothing is {nothing}")
                if hidden.canary in answer.text + str(answer.headers):
                    wrong.append(f"{where}, tells its canary")
    assert asked, f"nothing hidden goes by what {route.path} names"
    return wrong


# Where an id stands in what is sent: the address, the field, what it names, and what else is sent.
IN_BODIES: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("/posts.json", "topic_id", "thread", {"raw": "Words of mine."}),
    ("/post_actions.json", "id", "post", {"post_action_type_id": 2}),
    ("/tickets/{ticket}/merging", "into", "ticket", {}),
    ("/tickets/{ticket}/links", "thread", "thread", {}),
    ("/tickets/{ticket}/links/delete", "thread", "thread", {}),
    ("/t/{thread}/insertion", "thread", "thread", {}),
)


@pytest.mark.parametrize("roles", GROUPS, ids="-".join)
async def test_what_is_hidden_is_not_there_either_for_who_names_it_in_a_form(
    site: Site, roles: tuple[str, ...]
) -> None:
    place = await Place.make(site)
    wrong, asked = [], 0
    for role, (pattern, name, named, more) in product(roles, IN_BODIES):
        browser, path = place.browsers[role], filled(pattern, place.public)
        if not browser.token():
            browser.http.cookies.set(csrf.GUEST_COOKIE, csrf.new_guest())
        headers = {"x-csrf-token": browser.token()}

        async def name_it(
            value: int,
            path: str = path,
            name: str = name,
            more: dict[str, Any] = more,
            browser: Browser = browser,
            headers: dict[str, str] = headers,
        ) -> httpx.Response:
            kind = "json" if path.endswith(".json") else "data"
            async with undone():
                return await browser.http.post(path, headers=headers, **{kind: {**more, name: value}})

        nothing = await name_it(NOBODY_HAS)
        for kind, hidden in place.hidden.items():
            value = getattr(hidden, named)
            if not value or ("outsider" if role == "elsewhere" else role) in hidden.seen_by:
                continue
            asked += 1
            answer = await name_it(value)
            if answer.status_code != nothing.status_code or hidden.canary in answer.text + str(answer.headers):
                wrong.append(
                    f"{role}: {path} {name}={value} ({kind}): {answer.status_code}, of nothing {nothing.status_code}"
                )
    assert asked > 10
    assert not wrong, "\n".join(wrong)


async def test_who_may_see_a_thing_does_get_it(site: Site) -> None:
    place = await Place.make(site)
    for kind, hidden in place.hidden.items():
        for role in hidden.seen_by:
            browser = place.browsers[role]
            if hidden.thread:
                answer = await browser.get(f"/t/{hidden.thread}.json")
                assert answer.status_code == 200 and hidden.canary in answer.text, (kind, role)
            if hidden.post:
                answer = await browser.get(f"/posts/{hidden.post}.json")
                assert answer.status_code == 200 and hidden.canary in answer.text, (kind, role)
            if hidden.category:
                answer = await browser.get(f"/c/pelican/{hidden.category}")
                assert answer.status_code == 200 and hidden.canary in answer.text, (kind, role)


@pytest.mark.parametrize("roles", GROUPS, ids="-".join)
async def test_no_route_breaks_and_doors_are_shut_to_whom_they_are_not_for(site: Site, roles: tuple[str, ...]) -> None:
    place = await Place.make(site)
    insiders = {"admin": ("admin",), "moderator": ("moderator", "admin"), "team": TEAM}
    wrong = []
    for role, route in product(roles, access_routes()):
        named = subject_of(route.path)
        subject = place.public.get(named[1], "support") if named else None
        for method, values in product(methods_of(route), fillings(route.path, subject)):
            path = filled(route.path, values)
            async with undone():
                answer = await send(place.browsers[role], method, route.path, path)
            status = answer.status_code
            if status >= 500:
                wrong.append(f"{method} {path}: {status}")
            if route.access == "signed":
                # nobody's door: without the secret of a sender there is none
                if status != 404:
                    wrong.append(f"{method} {path}: {status} to {role}")
            elif role == "guest" and route.access != "anybody":
                is_door = status == 303 and answer.headers["location"].startswith("/login")
                if status not in (401, 403) and not is_door:
                    wrong.append(f"{method} {path}: {status} to a guest")
            elif status != 404 and role not in insiders.get(route.access, (*ROLES, "elsewhere")):
                wrong.append(f"{method} {path}: {status} to {role}")
    assert not wrong, "\n".join(wrong)


async def test_pages_of_others_are_not_there_and_settings_are_the_teams(site: Site) -> None:
    place = await Place.make(site)
    pages = [route for route in access_routes() if "GET" in methods_of(route)]
    own = [route.path for route in pages if route.path.startswith("/u/") and route.access == "signed_in"]
    settings = [route.path for route in pages if route.path.startswith("/p/{project}/settings")]
    assert len(own) >= 2 and len(settings) >= 2
    strangers = ("outsider", "requester", "moderator", "admin", "elsewhere")
    for role in (*strangers, "supporter", "maintainer"):
        for path in own:
            answer = await place.browsers[role].get(filled(path, {"username": "olga"}))
            assert answer.status_code == 404, (role, path)
    for role in strangers:
        for path in settings:
            answer = await place.browsers[role].get(
                filled(path, {"project": "pelican", "template": "1", "repository": "1"})
            )
            assert answer.status_code in (403, 404), (role, path)
    for path in own:
        assert (await place.browsers["owner"].get(filled(path, {"username": "olga"}))).status_code == 200, path


async def test_a_write_without_its_token_is_refused_whoever_sends_it(site: Site) -> None:
    place = await Place.make(site)
    before = await snapshot()
    wrong, asked = [], 0
    for route in access_routes():
        named = subject_of(route.path)
        subject = place.public.get(named[1], "support") if named else None
        for method in methods_of(route):
            if method == "GET":
                continue
            for values in fillings(route.path, subject):
                for role in ("guest", "owner"):
                    path = filled(route.path, values)
                    answer = await send(place.browsers[role], method, route.path, path, with_token=False)
                    asked += 1
                    # a door of other services asks for a signature instead; without its secret it is not there
                    if answer.status_code != (404 if route.access == "signed" else 403):
                        wrong.append(f"{method} {path} as {role}: {answer.status_code}")
    assert asked > 60
    assert not wrong, "\n".join(wrong)
    assert await snapshot() == before


async def test_reading_changes_nothing(site: Site) -> None:
    place = await Place.make(site)
    before = await snapshot()
    for route in access_routes():
        if "GET" not in methods_of(route):
            continue
        named = subject_of(route.path)
        subjects = {identity(place.hidden["security"], named[1]), place.public.get(named[1], "")} if named else {"x"}
        for subject in subjects - {""}:
            for values in fillings(route.path, subject):
                for role in ("guest", "owner"):
                    await place.browsers[role].get(filled(route.path, values))
    assert await snapshot() == before


async def snapshot() -> dict[str, tuple[int, str]]:
    """Every table's number of rows and what stands in them."""
    tables = await fetch(
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relname <> all($1)",
        list(MOVING),
    )
    return {
        row["relname"]: await fetch_value(
            f"select (count(*), md5(string_agg(x::text, '' order by x::text)))::text from {row['relname']} x"
        )
        for row in tables
    }
