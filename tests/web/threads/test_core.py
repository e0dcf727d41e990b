"""From sign-up to an accepted answer, through the pages of one process."""

import re

from forum.database.engine import fetch_one, fetch_value
from forum.projects.actions import NewProject, create_project
from tests.helpers.site import Site


async def test_asking_gives_a_place_in_the_queue_and_an_answer_can_be_accepted(site: Site) -> None:
    owner = await site.person("olga")
    project = await create_project(owner, NewProject("pelican", "Pelican Toolkit", "Pelican Foundation"))
    asker, helper = await site.member("ana"), await site.browser(owner)

    page = await asker.get("/")
    assert page.status_code == 200 and "What do you need?" in page.text
    page = await asker.get("/new-thread?title=How+do+I+resample")
    assert page.status_code == 200 and 'value="How do I resample"' in page.text
    asked = await asker.post(
        "/new-thread",
        {
            "title": "How do I resample without losing the last window?",
            "markdown": "I call `resample()` and the **last** window is gone. What am I doing wrong?",
            "project": "pelican",
            "capacity": "personal",
            "terms": "1",
        },
    )
    assert asked.status_code == 303, asked.text
    thread_url = asked.headers["location"]
    thread = await asker.get(thread_url)
    assert "Place 1 of 1 in the queue" in thread.text
    assert "<strong>last</strong>" in thread.text
    number = int(re.findall(r"/t/[a-z0-9-]+/(\d+)", thread_url)[0])

    answered = await helper.post(f"/t/{number}/replies", {"markdown": "Pass `flush='partial'`."})
    assert answered.status_code == 303, answered.text
    state = await fetch_one("select state, first_response_at is not null as answered from ticket")
    assert state is not None and dict(state) == {"state": "answered", "answered": True}

    accepted = await asker.post(f"/t/{number}/acceptance", {"number": "2"})
    assert accepted.status_code == 303
    assert await fetch_value("select state from ticket") == "resolved"
    page = await site.guest().get(thread_url)
    assert page.status_code == 200 and "Accepted answer" in page.text
    home = await site.guest().get("/")
    assert "Solved" in home.text
    assert project
