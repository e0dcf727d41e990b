"""What only its person may have, told from what anybody writes."""

from urllib.parse import quote

import pytest

from forum.mail.addresses import without_secrets

TOKENS = ("Ab_dEf-hIjKlMn_pQrStUvWxYz012345", "Ab_dEf-hIjKlMn_pQrStUvWxYz0123456789ABCDEFg")
WAY_OUT = "abcdefghijklmnopqrstuvwxyz"
OURS = [f"https://help.example/rate/{token}" for token in TOKENS] + [f"https://help.example/unsubscribe/{WAY_OUT}"]


@pytest.mark.parametrize("link", OURS)
def test_a_secret_is_gone_though_a_mail_server_put_its_own_link_around_it(link: str) -> None:
    token = link.rpartition("/")[2]
    safe = f"https://eur01.safelinks.protection.outlook.com/?url={quote(link, safe='')}&data=05%7C02"
    point = f"https://urldefense.proofpoint.com/v2/url?u={link.replace(':', '-3A').replace('/', '_')}&d=DwM"
    third = f"https://urldefense.com/v3/__{link}__;!!Abc123"
    for shown in (link, f"<{link}>", f"{link}?face=3", safe, quote(safe, safe=""), point, third):
        assert token not in without_secrets(f"See {shown} there"), shown
    address = f"pelican+t{WAY_OUT}@help.example"
    for shown in (address, quote(address), quote(quote(address))):
        assert WAY_OUT not in without_secrets(shown)


@pytest.mark.parametrize(
    "text",
    [
        "https://docs.example/mail/how-to-configure-postfix-with-dovecot",
        "https://docs.example/reset/my_function_with_a_long_name_in_it",
        "import x from './address/internationalization_of_addresses'",
        "test_confirm_something_long_enough_to_be_a_token",
        "https://x.example/rate/limits-of-the-public-api",
    ],
)
def test_what_people_write_stays(text: str) -> None:
    assert without_secrets(text) == text
