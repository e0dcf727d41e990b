"""People who have no part in a thread share its page, and each of them gets it as if it had been made for them alone."""

import re
from typing import Any

import pytest

from forum.database.engine import execute, fetch_value
from forum.threads import shared
from forum.web import parts
from tests.helpers.site import Browser
from tests.helpers.world import World

ODD = 'Bea "%s" <b>& 100%</b> %(name)s'
KEY = re.compile(r'name="key" value="[0-9a-f-]{36}"')


@pytest.fixture
async def url(world: World) -> str:
    return (await world.ask("How do I read a file?")).posted.url


async def alone(browser: Browser, url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The page as it is made for one reader."""
    with monkeypatch.context() as patched:
        patched.setattr(shared, "is_shared", lambda _request, _head: False)
        return await text_of(browser, url)


async def text_of(browser: Browser, url: str) -> str:
    answer = await browser.get(url)
    assert answer.status_code == 200 and answer.headers["cache-control"] == "private, no-store"
    assert "content-encoding" not in answer.headers
    return KEY.sub("", answer.text)


async def test_everybody_gets_the_page_that_would_have_been_made_for_them(
    world: World, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    browsers = [await world.site.member("bea", name=ODD), await world.site.member("cem"), await world.person("dan")]
    await execute("update person set theme = 'dark', shortcuts = false where username = 'dan'")
    for browser in [*browsers, *browsers]:
        page = await text_of(browser, url)
        assert page == await alone(browser, url, monkeypatch)
        assert page.count(browser.token()) > 2
        assert not [other for other in browsers if other is not browser and other.token() in page]
        assert shared.SALT not in page
    assert len(shared.shared_pages.places) == 2, "one for two of them, one for whose look is another"


async def test_a_form_on_a_shared_page_has_a_key_of_its_own_and_works(world: World, url: str) -> None:
    bea = await world.person("bea")
    keys = [KEY.findall((await bea.get(url)).text)[0] for _ in range(2)]
    assert keys[0] != keys[1]
    thread = int(url.rpartition("/")[2])
    posted = await bea.post(f"/t/{thread}/replies", {"markdown": "With open.", "key": keys[0][18:-1]})
    assert posted.status_code == 303
    assert "With open." in (await (await world.person("cem")).get(url)).text


async def test_marks_and_signs_in_a_post_are_nothing_but_text(
    world: World, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = int(url.rpartition("/")[2])
    text = "100% %s %(token)s {} \ue0004\ue001 \ue0000\ue001"
    await world.outsider.post(f"/t/{thread}/replies", {"markdown": text})
    bea = await world.person("bea")
    for _made_then_kept in range(2):
        page = await text_of(bea, url)
        assert "100% %s %(token)s {}" in page
        assert page == await alone(bea, url, monkeypatch)


@pytest.mark.parametrize(
    "who", ["asker", "supporter", "owner", "invited", "drafter", "reactor", "unconfirmed", "admin"]
)
async def test_who_has_a_part_in_it_gets_a_page_of_their_own(who: str, world: World, url: str) -> None:
    thread, post = int(url.rpartition("/")[2]), await fetch_value("select id from post")
    plain = await world.person("bea")
    await plain.get(url)
    kept = dict(shared.shared_pages.places)
    cem = await world.site.member("cem", admin=who == "admin", confirmed=who != "unconfirmed")
    browser = {"asker": world.people["ana"], "supporter": world.supporter, "owner": world.owner}.get(who, cem)
    told = {
        "asker": f"/posts/{post}/edit",
        "supporter": "Whisper to the team",
        "owner": "Whisper to the team",
        "invited": "Reply",
        "drafter": "Half a thought",
        "reactor": 'aria-pressed="true"',
        "unconfirmed": "cem@example.org",
        "admin": "/admin/mail",
    }[who]
    if who == "invited":
        await execute("insert into thread_participant values ($1, $2, 'invited')", thread, cem.person)
    if who == "drafter":
        await cem.post(f"/t/{thread}/replies", {"markdown": "Half a thought", "save": "1"})
    if who == "reactor":
        await cem.htmx(f"/posts/{post}/reactions/like", {"on": "1"})
    page = (await browser.get(url)).text
    assert told in page
    assert set(shared.shared_pages.places) == set(kept), "nothing of theirs is kept"
    if who != "invited":
        assert told not in (await plain.get(url)).text


async def test_a_part_that_does_not_say_it_is_alike_is_made_for_each(
    world: World, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def own(request: Any, _head: Any) -> dict[str, Any]:
        return {"thread": {"id": f"of-{request.reader.username}"}}

    registered = [*parts._parts["thread_below"], parts.Part(own, "search/below_thread.html")]
    monkeypatch.setitem(parts._parts, "thread_below", registered)
    for name in ("bea", "cem"):
        assert f"of-{name}" in (await (await world.person(name)).get(url)).text
    assert not shared.shared_pages.places


async def test_a_reader_is_shown_in_no_way_that_is_not_known(
    world: World, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def changed(request: Any, _head: Any) -> dict[str, Any]:
        return {"thread": {"id": request.reader.username.encode().hex() + shared.SALT}}

    monkeypatch.setitem(parts._parts, "thread_below", [parts.Part(changed, "search/below_thread.html", alike=True)])
    answer = await (await world.person("bea")).get(url)
    assert answer.status_code == 500 and shared.SALT not in answer.text
    assert not shared.shared_pages.places


async def test_what_was_read_on_a_shared_page_is_remembered(world: World, url: str) -> None:
    for name in ("bea", "cem"):
        browser = await world.person(name)
        await browser.get(url)
        assert await fetch_value("select number from read_position where person_id = $1", browser.person) == 1
    assert not await fetch_value("select count(*) from read_position where person_id = 0")
