"""What names, addresses and passwords may be."""

from email.headerregistry import Address
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.accounts import rules
from forum.web.pages import local_path

ADDRESSES = st.builds(
    "{}@{}.{}".format,
    st.text("aZ0.!#$%&'*+/=?^_`{|}~-\"(<,;: \n@é", min_size=1, max_size=8),
    st.text("ab9-.", min_size=1, max_size=6),
    st.sampled_from(["de", "example", "x", "1"]),
)
NAMES = st.from_regex(rules.USERNAME, fullmatch=True)


@pytest.mark.parametrize("name", ["ada", "Ada_Lovelace", "a.b", "x-y", "3d", "_x", "a" * 30])
def test_plain_usernames_are_fine(name: str) -> None:
    assert rules.is_username(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a",
        "a" * 31,
        "123",
        "a b",
        "a..b",
        ".ab",
        "ab.",
        "-ab",
        "ab-",
        "a@b",
        "a/b",
        "ä-ß",
        "ab.json",
        "ab.rss",
        "a\n",
        "٣٤",
    ],
)
def test_names_that_break_urls_or_mentions_are_no_usernames(name: str) -> None:
    assert not rules.is_username(name)


@given(st.text(max_size=40))
def test_a_username_is_one_segment_of_a_url_and_never_a_number(name: str) -> None:
    if rules.is_username(name):
        assert name.isascii()
        assert not set(name) & set("/?#@%:& \n\0")
        assert not name.isdigit()


@given(NAMES)
def test_case_changes_nothing_about_a_username(name: str) -> None:
    assert rules.is_username(name) == rules.is_username(name.upper()) or name.lower().endswith((".json", ".rss"))


@pytest.mark.parametrize("address", ["a@b.de", "first.last+tag@sub.example.org", "o'neil@example.co"])
def test_ordinary_addresses_are_fine(address: str) -> None:
    assert rules.is_email(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@b",
        "@b.de",
        "a@b.de,c@d.de",
        "a@b.de\nBcc: c@d.de",
        "<a@b.de>",
        '"a"@b.de',
        "a b@c.de",
        "a@@b.de",
        "a@b..de",
        "a..b@c.de",
        "a@-b.de",
        "jö@example.org",
        "a@b.de\0",
        "a" * 65 + "@b.de",
        "a@" + "b" * 250 + ".de",
    ],
)
def test_what_would_break_a_header_is_no_address(address: str) -> None:
    assert not rules.is_email(address)


@given(ADDRESSES)
def test_an_address_is_exactly_one_recipient(address: str) -> None:
    if rules.is_email(address):
        mail = EmailMessage()
        mail["To"] = address
        assert [a.addr_spec for a in mail["To"].addresses] == [address]
        assert Address(addr_spec=address).domain == address.partition("@")[2]


@given(st.text(max_size=80))
def test_a_display_name_is_no_link_and_no_header(name: str) -> None:
    if rules.is_name(name):
        assert len(name) <= 60
        assert "\n" not in name and "\r" not in name and "://" not in name and "<" not in name and "@" not in name


@pytest.mark.parametrize("name", ["http://x.y", "see www.x.y", "a\nb", "a\u200bb", "a\u202eb", "<b>", "a@b"])
def test_names_that_pretend_are_refused(name: str) -> None:
    assert not rules.is_name(name)


@pytest.mark.parametrize("password", ["password123", "PASSWORD123", "aaaaaaaaaaaa", "ada-lovelace", "ada@example.org"])
def test_passwords_guessed_first_are_weak(password: str) -> None:
    assert rules.is_weak(password, "ada-lovelace", "ada@example.org")


def test_a_few_words_are_not_weak() -> None:
    assert not rules.is_weak("correct horse battery", "ada", "ada@example.org")


@pytest.mark.parametrize("path", ["/", "/t/a-b/12/3", "/search?q=a%20b", "/login?next=/x"])
def test_local_paths_stay_as_they_are(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "//evil.example",
        "///evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "//[",
        "http://[",
        " /x",
        "/" + "x" * 3000,
    ],
)
def test_everything_else_leads_to_the_front_page(path: str) -> None:
    assert local_path(path) == "/"


@given(st.text(max_size=60))
def test_no_text_makes_a_path_to_another_host(text: str) -> None:
    path = local_path(text)
    assert path.startswith("/") and path[1:2] not in ("/", "\\")
