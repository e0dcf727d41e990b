"""Nobody learns whether an address has an account, its owner hears of it, and who typed it first has no right to it."""

import re
from urllib.parse import unquote

import httpx
import pytest

from forum.accounts import actions
from forum.accounts.commands import create_user
from forum.database.engine import execute, fetch_value
from forum.web.errors import Invalid
from tests.helpers.site import PASSWORD, Browser, Site, links

SECRET = "a very long pass phrase"
HERS = "grace@example.org"


async def sign_up(site: Site, username: str, email: str) -> tuple[Browser, httpx.Response]:
    browser = site.guest()
    await browser.get("/signup")
    answer = await browser.post("/signup", {"username": username, "email": email, "password": SECRET})
    return browser, answer


def told(answer: httpx.Response, *names: str) -> tuple[int, str, str]:
    """What an answer tells, whoever it was given to."""
    text = answer.text + unquote(str(sorted(answer.headers.get_list("set-cookie"))))
    for name in (*names, *map(str.lower, names)):
        text = text.replace(name, "NAME")
    text = re.sub(
        r"haas_session=[\w-]+|value=\"(?:s\.)?[0-9a-f-]{36,40}\"|content=\"(?:s\.)?[0-9a-f]{40}\"|\bh[1-8]\b|bell:\d+",
        "X",
        text,
    )
    return answer.status_code, answer.headers.get("location", ""), re.sub(r">[A-Z]{2}<", ">XX<", text)


@pytest.mark.parametrize("email", [HERS, "GRACE@Example.ORG"])
async def test_a_members_address_is_answered_like_anybody_elses(site: Site, email: str) -> None:
    await site.person("grace")
    there, one = await sign_up(site, "Mallory", email)
    free, other = await sign_up(site, "Malcolm", "nobody@example.org")
    names = ("Mallory", "Malcolm", email, "nobody@example.org")
    assert told(one, *names) == told(other, *names) and one.status_code == 303
    for path in ("/about", "/new-thread", "/u/{}/preferences"):
        a, b = [await b.get(path.format(n)) for b, n in ((there, "Mallory"), (free, "Malcolm"))]
        assert told(a, *names) == told(b, *names), path
    for path, form in (("/confirm", {}), ("/new-thread", {"title": "A question", "markdown": "Words of it."})):
        a, b = [await b.post(path, form) for b in (there, free)]
        assert told(a, *names) == told(b, *names), path


async def test_the_owner_is_told_by_mail_and_nobody_else(site: Site) -> None:
    grace = await site.person("grace")
    browser, _answer = await sign_up(site, "Mallory", HERS)
    await browser.post("/confirm")
    await site.jobs()
    mails = [mail for mail in site.mails() if "Mallory" in mail]
    assert len(mails) == 2 and all("signed up" in mail and "grace" in mail for mail in mails)
    assert not [link for mail in mails for link in links(mail) if "/confirm/" in link or "/reset/" in link]
    assert await fetch_value("select count(*) from mail where person_id = $1", grace) == 2
    assert not await fetch_value("select count(*) from token")
    # a link that is made all the same leads nowhere
    mallory = await fetch_value("select id from person where username = 'Mallory'")
    for purpose in ("confirm", "reset"):
        token = await actions.new_token(mallory, purpose, actions.CONFIRM_FOR)
        assert await actions.token_owner(token, purpose) is None and await actions.use_token(token, purpose) is None


async def test_a_new_password_is_the_owners_alone(site: Site) -> None:
    await site.person("grace")
    await sign_up(site, "Mallory", HERS)
    await actions.ask_reset(HERS)
    await site.jobs()
    [link] = [link for mail in site.mails() for link in links(mail) if "/reset/" in link]
    link = link.removeprefix(site.settings.base_url)
    browser = site.guest()
    await browser.get(link)
    assert (await browser.post(link, {"password": "quite another pass phrase"})).status_code == 303
    assert await actions.sign_in("grace", "quite another pass phrase")
    with pytest.raises(Invalid):
        await actions.sign_in("Mallory", "quite another pass phrase")


async def test_whoever_typed_it_first_does_not_keep_its_owner_out(site: Site) -> None:
    await sign_up(site, "Mallory", HERS)
    browser, answer = await sign_up(site, "Grace", HERS)
    assert answer.status_code == 303
    await site.jobs()
    sent = [link for mail in site.mails() for link in links(mail) if "/confirm/" in link]
    owners = {await actions.token_owner(link.rpartition("/")[2], "confirm"): link for link in sent}
    names = {"Mallory": "", "Grace": ""}
    for name in names:
        person = await fetch_value("select id from person where username = $1", name)
        names[name] = owners[person].removeprefix(site.settings.base_url)
    first, second = names.values()
    assert (await browser.post(second)).status_code == 303
    assert await fetch_value("select username from person where email_confirmed_at is not null") == "Grace"
    assert (await browser.post(first)).status_code == 404
    assert await fetch_value("select count(*) from person where email_confirmed_at is not null") == 1


async def test_the_database_keeps_a_confirmed_address_one_persons(site: Site) -> None:
    await site.person("grace")
    await sign_up(site, "Mallory", HERS)
    with pytest.raises(Exception, match="person_email_confirmed"):
        await execute("update person set email_confirmed_at = now() where username = 'Mallory'")


async def test_each_signs_in_by_the_address_with_their_own_password(site: Site) -> None:
    grace = await site.person("grace")
    await sign_up(site, "Mallory", HERS)
    mallory = await fetch_value("select id from person where username = 'Mallory'")
    assert await actions.sign_in(HERS, SECRET) == mallory
    assert await actions.sign_in(HERS, PASSWORD) == grace
    for number in range(3):
        await execute("delete from rate")
        await sign_up(site, f"Mallory{number}", HERS)
    # however many type it, they do not push its owner out
    assert await actions.sign_in(HERS, PASSWORD) == grace


async def test_a_wrong_password_takes_as_many_tries_whether_or_not_somebody_is_there(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.person("grace")
    tried: list[str | None] = []
    verify = actions.verify_password

    async def counted(password: str, stored: str | None) -> bool:
        tried.append(stored)
        return await verify(password, stored)

    monkeypatch.setattr(actions, "verify_password", counted)
    counts = []
    for login in (HERS, "nobody@example.org"):
        for _time in range(2):
            tried.clear()
            with pytest.raises(Invalid):
                await actions.sign_in(login, "a wrong pass phrase")
            counts.append(len(tried))
            await execute("delete from rate")
            await sign_up(site, f"M{len(counts)}", login)
    assert len(set(counts)) == 1
    tried.clear()
    for login in ("grace", "nobody"):
        with pytest.raises(Invalid):
            await actions.sign_in(login, "a wrong pass phrase")
    assert len(tried) == 2


async def test_an_operator_is_told(site: Site) -> None:
    await site.person("grace")
    with pytest.raises(Invalid, match="There is an account with this address"):
        await create_user("grace2", HERS, SECRET, admin=False)
