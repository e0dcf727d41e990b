"""postmaster@ and abuse@ reach who runs the site; machines, lists and floods do not."""

from email import message_from_string, policy
from email.message import EmailMessage
from typing import Any, cast

import pytest

from forum.database.engine import execute
from forum.mail.addresses import find_address
from forum.mail.arriving import offices
from forum.settings import Settings
from tests.helpers.mail_in import AUTHSERV, DOMAIN, bring, mail, vouched, with_mail
from tests.helpers.site import Site

SENDER = "mara@mail.example"


@pytest.fixture
async def run(site: Site, settings: Settings) -> Site:
    site.settings = with_mail(settings, mail_authserv=AUTHSERV)
    await site.member("adam", admin=True)
    await site.member("eve", admin=True)
    await site.member("ben", admin=True, confirmed=False)
    await site.member("sam")
    return site


def passed_on(site: Site) -> list[EmailMessage]:
    return [cast(EmailMessage, message_from_string(text, policy=policy.default)) for text in site.mails()]


async def test_who_runs_the_site_is_reached_and_answers_the_sender(run: Site) -> None:
    text = "Your mails bounce.\n\nhttps://evil.example/sign-in\n\n<b>Look</b>"
    fate = await bring(
        run, mail(SENDER, f"Postmaster@{DOMAIN}", text, subject="DKIM\tis broken"), f"Postmaster@{DOMAIN}"
    )
    assert fate is not None and (fate["outcome"], fate["reason"]) == (
        "noted",
        "passed on to 2 of those who run the site",
    )
    found = passed_on(run)
    assert {str(each["To"]) for each in found} == {"adam@example.org", "eve@example.org"}
    for each in found:
        assert each["Reply-To"] == SENDER and each["Auto-Submitted"] == "auto-generated"
        plain, html = each.get_body(("plain",)), each.get_body(("html",))
        assert plain is not None and html is not None
        assert "> Your mails bounce." in plain.get_content() and SENDER.split("@")[0] in plain.get_content()
        # a stranger's words and links are shown as written: no button leads where they want
        assert "<b>" not in html.get_content() and 'href="https://evil' not in html.get_content()
    await bring(run, mail(SENDER, f"Postmaster@{DOMAIN}", text, subject="DKIM\tis broken"), f"Postmaster@{DOMAIN}")
    assert len(run.mails()) == 2


async def test_the_one_address_without_a_domain_and_no_project_takes_these_names(run: Site) -> None:
    for address in ("postmaster", "<POSTMASTER>", f"abuse@{DOMAIN}"):
        found = await find_address(address, DOMAIN, "key")
        assert found is not None and found.office in ("postmaster", "abuse")
    for address in ("abuse", f"postmaster+x@{DOMAIN}", "postmaster@elsewhere.example"):
        assert await find_address(address, DOMAIN, "key") is None


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        ({"headers": (("Auto-Submitted", "auto-replied"),)}, "dropped"),
        ({"headers": (("Return-Path", "<>"),), "subject": "Undeliverable: hello"}, "noted"),
        ({"headers": (("List-Id", "<list.example>"),)}, "held"),
        ({"headers": (vouched("fail"),)}, "held"),
        ({"sender": f"noreply@{DOMAIN}"}, "dropped"),
    ],
)
async def test_what_no_person_wrote_to_us_is_not_passed_on(run: Site, headers: dict[str, Any], outcome: str) -> None:
    sender = headers.pop("sender", SENDER)
    fate = await bring(run, mail(sender, f"abuse@{DOMAIN}", "Hello.", **headers), f"abuse@{DOMAIN}", sender=sender)
    assert fate is not None and fate["outcome"] == outcome and run.mails() == []


async def test_nobody_floods_the_admins(run: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offices, "OF_ONE_MOST", 1)
    for number in (1, 2):
        raw = mail(SENDER, f"abuse@{DOMAIN}", f"Hello {number}.", message_id=f"<{number}@a.example>")
        fate = await bring(run, raw, f"abuse@{DOMAIN}")
    assert fate is not None and fate["outcome"] == "held" and len(run.mails()) == 2
    await execute("update person set site_role = 'member'")
    fate = await bring(run, mail("b@c.example", f"abuse@{DOMAIN}", "Hi", message_id="<3@a.example>"), f"abuse@{DOMAIN}")
    assert fate is not None and fate["reason"] == "no admin has a confirmed address"
