"""Whatever is sent to any form, call or address, the answer is never 5xx (trust.md C50, C56)."""

import json
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from forum.database.engine import fetch, fetch_value
from forum.web.requests import Form
from forum.web.routing import AccessRoute
from tests.helpers.hidden import Place, access_routes, filled, fillings, names_in, subject_of
from tests.helpers.site import Browser, Site
from tests.helpers.world import World
from tests.outside.hostile import DATA, payloads
from tests.web.test_routes_and_roles import BODIES, FORM, methods_of, undone

# Fields of the forms besides those of FORM; a name that a form does not have costs nothing.
FIELDS = {
    *FORM,
    *(
        "act",
        "body",
        "code_of_conduct",
        "country",
        "csrf",
        "draft_body",
        "draft_project",
        "draft_title",
        "email",
    ),
    *(
        "entity",
        "expected_from",
        "expected_to",
        "guideline",
        "login",
        "name",
        "next",
        "page",
        "password",
        "preview",
    ),
    *(
        "private",
        "repository",
        "role",
        "save",
        "seeking",
        "shortcuts",
        "show",
        "slug",
        "tagline",
        "theme",
        "token",
    ),
    *("version", "website"),
}
ODD = [
    "",
    "\0",
    "a\0b",
    "\ud7ff\ue000\uffff",
    "\u202e\u2066x",
    "0",
    "-1",
    "1",
    "2",
    "01",
    "1.5",
    "1e9",
    "٣",
    "²",
    "9" * 18,
    str(2**31),
    str(2**63 - 1),
    str(2**63),
    "9" * 30,
    "9" * 4400,
    "true",
    "on",
    "null",
    "%00",
    "%",
    "../../etc/passwd",
    "//elsewhere.example/",
    "'; drop table post; --",
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "@" * 300,
    "a@b.c\r\nBcc: d@e.f",
    "x" * 500,
    "y " * 60_000,
    "[" * 3_000,
    "🫠" * 200,
    "pelican",
    "support",
    "olga",
    "personal",
    "whisper",
    "thread:1",
    "thread:" + "9" * 18,
    "new-thread:2",
    "2026-02-30",
]
NAUGHTY = payloads()[-515:] if DATA.is_dir() else []
# Unlike JSON, a form and an address cannot carry half a character.
TEXT = st.one_of(st.sampled_from(ODD), st.sampled_from(NAUGHTY or ODD), st.text(max_size=40))
FORMS = st.fixed_dictionaries({}, optional=dict.fromkeys(sorted(FIELDS), TEXT))
JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.sampled_from([2**31, 2**63, -(2**63) - 1, 10**40, 1e308]),
        st.sampled_from(ODD),
        st.text(st.characters(), max_size=20),
        st.just("half \ud800"),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=8,
)
NAMES = sorted({name for body in BODIES.values() for name in body} | {"tags", "topic", "topic_id", "whisper", "key"})
OBJECTS = st.one_of(JSON, st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6))
PARAMETERS = (
    *(
        "before",
        "below",
        "cursor",
        "from",
        "limit",
        "order",
        "page",
        "per_page",
        "period",
        "post",
        "post_ids[]",
        "q",
    ),
    *("quote", "solved", "tag", "view"),
)
QUERY = st.dictionaries(st.sampled_from(PARAMETERS), TEXT)
PATHS = st.one_of(st.sampled_from(["1", "2", "3", "pelican", "support", "olga", "like", "claim", "x", "1.json"]), TEXT)

quick = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    # one example is hundreds of requests, and what is told names the one that failed: there is nothing to shrink
    phases=[Phase.generate],
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)


def writes() -> list[tuple[str, AccessRoute]]:
    return [(m, route) for route in access_routes() for m in methods_of(route) if m != "GET"]


async def people(site: Site) -> list[Browser]:
    """Who sends: the owner, a stranger, a guest with a token; made once for all examples of a test."""
    known: list[Browser] | None = getattr(site, "people", None)
    if known is None:
        world = await World.make(site)
        await world.ask("A question in public", by="rhea")
        guest = site.guest()
        await guest.get("/login")
        known = site.people = [world.owner, world.outsider, guest]  # type: ignore[attr-defined]
    return known


def addresses(route: AccessRoute, value: str) -> Iterator[str]:
    """The route's path with ordinary values, and with each parameter in turn replaced by `value`."""
    ordinary = dict.fromkeys(names_in(route.path), "1") | {
        "project": "pelican",
        "category": "support",
        "kind": "like",
    }
    yield filled(route.path, ordinary)
    # a segment that is empty, or `.` or `..`, is another address
    odd = quote(value[:6000], safe="")
    if odd and value not in (".", ".."):
        for name in names_in(route.path):
            yield filled(route.path, ordinary | {name: odd})


async def answered(wrong: list[str], said: str, send: Callable[[], Any]) -> None:
    """Send one request inside a transaction that is taken back, and note an answer that is our own fault."""
    async with undone():
        try:
            answer: httpx.Response = await send()
        except httpx.InvalidURL:
            return
    if answer.status_code >= 500:
        wrong.append(f"{said}: {answer.status_code}")


@quick
@given(form=FORMS, value=PATHS)
async def test_no_form_breaks_whatever_is_typed(site: Site, form: dict[str, str], value: str) -> None:
    wrong: list[str] = []
    for browser in await people(site):
        headers = {"x-csrf-token": browser.token()}
        for method, route in writes():
            for path in addresses(route, value):
                await answered(
                    wrong,
                    f"{method} {path[:200]}",
                    lambda p=path, m=method: browser.http.request(m, p, data=form, headers=headers),  # noqa: B023
                )
    assert not wrong


@quick
@given(body=OBJECTS, value=PATHS)
async def test_no_call_breaks_whatever_json_is_sent(site: Site, body: Any, value: str) -> None:
    wrong: list[str] = []
    content = json.dumps(body)
    for browser in (await people(site))[:2]:
        headers = {"x-csrf-token": browser.token(), "content-type": "application/json"}
        for method, route in writes():
            for path in addresses(route, value):
                await answered(
                    wrong,
                    f"{method} {path[:200]}",
                    lambda p=path, m=method: browser.http.request(m, p, content=content, headers=headers),  # noqa: B023
                )
    assert not wrong


@quick
@given(query=FORMS, more=QUERY, value=PATHS)
async def test_no_page_breaks_whatever_is_asked(
    site: Site, query: dict[str, str], more: dict[str, str], value: str
) -> None:
    wrong: list[str] = []
    asked = {name: text[:2000] for name, text in (query | more).items()}
    for browser, route in product((await people(site))[:2], access_routes()):
        if "GET" in methods_of(route):
            for path in addresses(route, value):
                await answered(wrong, f"GET {path[:200]}", lambda p=path: browser.get(p, params=asked))  # noqa: B023
    assert not wrong


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data; boundary=x", "application/xml", "", "x/y; charset=\xff"]
)
async def test_a_body_of_another_kind_is_told_so(site: Site, kind: str) -> None:
    browser = (await people(site))[0]
    headers = {"x-csrf-token": browser.token(), "content-type": kind.encode("latin-1")}
    for method, route in writes():
        if route.access == "signed":
            # of a delivery the bytes are verified, whatever they say they are
            continue
        path = next(addresses(route, ""))
        answer = await browser.http.request(method, path, content=b"\xff\xfe{]--x", headers=headers)
        assert answer.status_code == 415, path


# No text is longer: a post has 100,000 characters, what is written with it (an issue's answers) a little more.
LONGEST, HUGE = 120_000, 150_001
TEXTS = """
select c.relname as table, a.attname as column from pg_class c join pg_attribute a on a.attrelid = c.oid
  join pg_stat_xact_user_tables w on w.relid = c.oid and w.n_tup_ins + w.n_tup_upd > 0
 where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped
   and format_type(a.atttypid, null) in ('text', 'text[]', 'jsonb', 'citext')
"""


async def too_long() -> list[str]:
    """The columns written in this transaction that hold a longer text than they should."""
    written = await fetch(TEXTS)
    longest = {(row["table"], row["column"]): f"max(length({row['column']}::text))" for row in written}
    return [
        f"{table}.{column}"
        for (table, column), length in longest.items()
        if (await fetch_value(f"select {length} from {table}") or 0) > LONGEST
    ]


async def test_no_field_of_a_form_keeps_more_than_a_post_may_hold(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    place = await Place.make(site)
    read: set[str] = set()

    def heard(method: Callable[[Form, str], Any]) -> Callable[[Form, str], Any]:
        def hear(form: Form, name: str) -> Any:
            read.add(name)
            return method(form, name)

        return hear

    monkeypatch.setattr(Form, "__getitem__", heard(Form.__getitem__))
    monkeypatch.setattr(Form, "all", heard(Form.all))
    wrong, taken = set(), 0
    for method, route in writes():
        if route.access == "signed" or route.path in BODIES:
            continue
        named = subject_of(route.path)
        subject = place.public.get(named[1], "support") if named else None
        browser = place.browsers["admin" if route.access == "admin" else "owner"]
        headers = {"x-csrf-token": browser.token()}
        path = filled(route.path, next(fillings(route.path, subject)))
        read.clear()
        form = FORM
        for _ in range(2):
            async with undone():
                await browser.http.request(method, path, data=form, headers=headers)
            # a form that has all it asks for is refused for the one field alone
            form = (
                dict.fromkeys(read - {"csrf", "preview", "save", "then"}, "1")
                | FORM
                | {"word": "mine", "country": "DE"}
            )
        for name in read - {"csrf"}:
            async with undone():
                answer = await browser.http.request(method, path, data=form | {name: "x" * HUGE}, headers=headers)
                if answer.status_code < 400:
                    taken += 1
                    wrong |= {f"{method} {route.path}: {name} is kept whole in {where}" for where in await too_long()}
    assert taken > 200, "most forms are taken, so that what they keep is seen"
    assert not wrong, "\n".join(sorted(wrong))
