"""What leads out of the inbox leads back to it: the same list, the right ticket."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.helpers.site import Browser, Site
from tests.helpers.tickets import Asked, asked
from tests.helpers.world import World

VIEW = "?view=unassigned&tag=plots"


async def two(site: Site) -> tuple[Asked, Asked, Browser]:
    """A ticket with a reply, another one, and a triager."""
    world = await World.make(site)
    tri = await world.person("tri")
    await world.team(tri, "triager")
    one = await asked(world)
    await one.says(world.outsider)
    return one, await asked(world, "How do I write a file?", by="ben"), tri


def at(one: Asked) -> str:
    return f"/p/pelican/inbox/{one.ticket}{VIEW}"


async def ways_out(browser: Browser, one: Asked) -> dict[str, str]:
    """Where the head of a ticket leads outside the inbox: path → the whole address."""
    page = (await browser.get(at(one))).text
    found = [html.unescape(each) for each in re.findall(r'(?:href|formaction)="(/t(?:ickets)?/[^"]*back=[^"]*)"', page)]
    for address in found:
        assert parse_qs(urlsplit(address).query)["back"] == [at(one)], address
    return {urlsplit(address).path: address for address in found}


def hidden(page: str, name: str) -> str:
    return html.unescape(re.findall(rf'name="{name}" value="([^"]*)"', page)[0])


async def test_a_merge_ends_at_the_ticket_that_goes_on_beside_the_same_list(site: Site) -> None:
    one, other, tri = await two(site)
    out = (await ways_out(tri, one))[f"/tickets/{one.ticket}/joining"]
    page = (await tri.get(f"{out}&q=write")).text
    merging = html.unescape(re.findall(r'href="(/tickets/\d+/merging\?[^"]*)"', page)[0])
    page = (await tri.get(merging)).text
    sent = await tri.post(f"/tickets/{one.ticket}/merging", {"into": other.ticket, "back": hidden(page, "back")})
    assert sent.headers["location"] == at(other)
    # "not now" leads to the list of candidates, and from there to the inbox
    assert html.unescape(page).count(f"/tickets/{one.ticket}/joining?back=") == 1


async def test_a_link_ends_at_the_ticket_it_began_at(site: Site) -> None:
    one, other, tri = await two(site)
    out = (await ways_out(tri, one))[f"/tickets/{one.ticket}/joining"]
    page = (await tri.get(out)).text
    assert f'href="{html.escape(at(one))}"' in page
    sent = await tri.post(f"/tickets/{one.ticket}/links", {"thread": other.thread, "back": hidden(page, "back")})
    assert sent.headers["location"] == at(one)
    # what is looked for keeps the way
    looked = (await tri.get(f"{out}&q=write")).text
    assert hidden(looked, "back") == at(one)
    # so does a refusal
    refused = await tri.post(f"/tickets/{one.ticket}/links", {"thread": one.thread, "back": at(one)})
    assert refused.status_code == 422 and hidden(refused.text, "back") == at(one)


async def test_a_split_ends_at_the_ticket_it_began_at(site: Site) -> None:
    one, _other, tri = await two(site)
    page = (await tri.get((await ways_out(tri, one))[f"/t/{one.thread}/split"])).text
    form = {"title": "", "category": hidden_category(page), "numbers": "2", "back": hidden(page, "back")}
    refused = await tri.post(f"/t/{one.thread}/split", form)
    assert refused.status_code == 422 and hidden(refused.text, "back") == at(one)
    sent = await tri.post(f"/t/{one.thread}/split", form | {"title": "Another thing"})
    assert sent.headers["location"] == at(one)
    assert "These posts are a thread of their own now." in (await tri.get(at(one))).text


def hidden_category(page: str) -> str:
    return re.findall(r'<option value="(\d+)" selected', page)[0]


@pytest.mark.parametrize("way", ["bucket/bugs", "closure"])
async def test_moving_and_closing_end_at_the_ticket(site: Site, way: str) -> None:
    one, _other, tri = await two(site)
    sent = await tri.post((await ways_out(tri, one))[f"/t/{one.thread}/{way}"])
    assert sent.headers["location"] == at(one)
    assert (await tri.get(at(one))).status_code == 200


async def test_a_promotion_is_begun_with_the_way_back(site: Site) -> None:
    one, _other, _tri = await two(site)
    # each address is compared with the inbox within
    assert f"/t/{one.thread}/promotion" in await ways_out(one.world.owner, one)


async def test_who_may_not_read_what_was_moved_is_not_led_to_it(site: Site) -> None:
    one, _other, tri = await two(site)
    sent = await tri.post(f"/t/{one.thread}/bucket/security", params={"back": at(one)})
    assert sent.headers["location"] == "/"


@pytest.mark.parametrize("back", ["//evil.example/x", "https://evil.example/", "/\\evil.example", "evil", "/a\nb"])
async def test_the_way_back_never_leaves_the_site(site: Site, back: str) -> None:
    one, other, tri = await two(site)
    sent = await tri.post(f"/tickets/{one.ticket}/links", {"thread": other.thread, "back": back})
    assert sent.headers["location"] == one.url
    assert "evil" not in (await tri.get(f"/tickets/{one.ticket}/joining", params={"back": back})).text


async def test_an_answer_ends_at_what_was_said(site: Site) -> None:
    one, _other, tri = await two(site)
    here = f"/p/pelican/inbox/{one.ticket}"
    for number, fields in ((3, {}), (4, {"purpose": "whisper"}), (5, {"then": "resolve"})):
        sent = await tri.post(f"{here}/answers{VIEW}", {"markdown": f"Words {number}."} | fields)
        assert sent.headers["location"] == f"{at(one)}#post_{number}"


async def test_without_script_templates_come_beside_the_same_list(site: Site) -> None:
    one, _other, tri = await two(site)
    page = (await tri.get(at(one))).text
    tools = html.unescape(re.findall(r'formaction="(/t/\d+/tools[^"]*)"', page)[0])
    shown = (await tri.post(tools, {"markdown": "I began.", "back": "inbox"})).text
    assert f'action="{html.escape(f"/p/pelican/inbox/{one.ticket}/answers{VIEW}")}"' in shown
