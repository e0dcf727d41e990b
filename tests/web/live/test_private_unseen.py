"""A private ticket in every outlet of asking, inbox, figures and satisfaction: who may not see it learns nothing of it."""

from typing import Any

from forum.database.engine import fetch_value
from forum.web.reader import GUEST
from tests.helpers.live import Listener, follower, received
from tests.helpers.site import Site
from tests.web.forms.test_private import ASK, private

NOWHERE = 999_999
# {k}: a ticket, {t}: its thread
PAGES = (
    "/p/pelican/inbox",
    "/p/pelican/inbox/{k}",
    "/p/pelican/inbox/views",
    "/p/pelican/dashboard",
    "/p/pelican/dashboard/backlog.csv",
    "/p/pelican/dashboard/people.csv",
    "/tickets/{k}/joining",
    "/tickets/{k}/merging?q=secret",
    "/tickets/{k}/still-needed",
    "/tickets/{k}/bump",
    "/t/{t}/logs/1",
    "/t/{t}/split",
    "/t/{t}/similar",
    "/t/{t}.json",
    "/t/{t}/promotion",
    "/api/v1/projects/pelican/queue",
    "/api/v1/projects",
)
DEEDS: dict[str, dict[str, str]] = {
    "/tickets/{k}/claim": {},
    "/tickets/{k}/assignment": {"username": "olga"},
    "/tickets/{k}/submission": {"capacity": "personal", "terms": "1"},
    "/tickets/{k}/resolution": {},
    "/tickets/{k}/reopening": {},
    "/tickets/{k}/snooze": {"until": "tomorrow"},
    "/tickets/{k}/links": {"thread": "1"},
    "/tickets/{k}/rating": {"face": "3"},
    "/tickets/{k}/merging": {"into": "1"},
    "/t/{t}/publication": {},
    "/t/{t}/publication/delete": {},
    "/t/{t}/tools": {},
    "/t/{t}/replies": {"markdown": "I read it."},
    "/p/pelican/inbox/{k}/answers": {"markdown": "I read it."},
    "/p/pelican/inbox/{k}/claim": {},
}


async def test_an_outsider_gets_the_same_answers_as_of_a_ticket_that_is_not_there(site: Site, hub: Listener) -> None:
    one = await private(site)
    told: list[Any] = []
    for who in (one.world.outsider, site.guest()):
        for path in PAGES:
            real, none = [
                await who.get(path.format(k=k, t=k and t)) for k, t in ((one.ticket, one.thread), (NOWHERE,) * 2)
            ]
            told.append((path, real, none))
        for path, form in DEEDS.items():
            if who.person is None:
                continue
            real, none = [
                await who.post(path.format(k=k, t=t), form) for k, t in ((one.ticket, one.thread), (NOWHERE,) * 2)
            ]
            told.append((path, real, none))
    for path, real, none in told:
        assert real.status_code == none.status_code, path
        assert ASK["title"] not in real.text and "customers" not in real.text, path
    assert await fetch_value("select count(*) from post") == 1
    assert await fetch_value("select visibility from thread") == "private"
    for reader in (GUEST, await one.world.outsider.reader()):
        for stream, number in (
            ("thread", one.thread),
            ("place", one.ticket),
            ("writing", one.thread),
            ("inbox", one.world.project),
            ("buckets", one.world.project),
        ):
            heard = received(await follower(hub, reader, stream, number, 0))
            assert [message.get("gone") for message in heard] == [True], stream


async def test_a_link_to_rate_names_no_private_ticket_and_counts_for_its_requester_alone(site: Site) -> None:
    one = await private(site)
    await one.world.supporter.post(f"/tickets/{one.ticket}/resolution")
    token = await fetch_value("select token from rating_link where ticket_id = $1", one.ticket)
    page = await site.guest().get(f"/rate/{token}")
    assert page.status_code == 200 and ASK["title"] not in page.text
    assert f"/{one.thread}" not in page.text.replace(token, ""), "a token may begin with any figure"
    assert (await site.guest().get(f"/rate/{'x' * 32}")).status_code == 404
    assert await fetch_value("select count(*) from rating") == 0
