"""The allow-list: what may be in a post, which URLs, and that its own output passes unchanged."""

import pytest

from forum.markup import cook, is_safe, sanitise


@pytest.mark.parametrize(
    "url", ["https://a.example/x?y#z", "http://a", "HTTP://A", "mailto:a@b.example", "/t/1", "/", "#post_1", "#"]
)
def test_web_mail_and_site_addresses_are_safe(url: str) -> None:
    assert is_safe(url)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "java\x01script:alert(1)",
        "\x01javascript:alert(1)",
        " https://a.example",
        "https://a.example\n",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//a.example",
        "/\\a.example",
        "/\t/a.example",
        "\\\\a.example",
        "https:a.example",
        "https:\\\\a.example",
        "ht\u200btps://a.example",
        "https://a.example/\u202egnp.exe",
        "relative/path",
        "?query",
        "",
    ],
)
def test_everything_else_is_not(url: str) -> None:
    assert not is_safe(url)


@pytest.mark.parametrize(
    "scheme", ["javascript", "java\tscript", "java&#10;script", "java&Tab;script", "&#1;javascript"]
)
def test_a_link_with_a_bad_scheme_keeps_only_its_text(scheme: str) -> None:
    assert cook(f'<a href="{scheme}:alert(1)">x</a>').html == "<p><a>x</a></p>"
    assert "href" not in cook(f"[x](<{scheme}:alert(1)>)").html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a<script>b</script>c</p>", "<p>ac</p>"),
        ("<p onclick='x' style='y' id='z' lang='de' data-a='b' title='t'>a</p>", "<p>a</p>"),
        ("<button class='b'>a</button>", "a"),
        ("<span class='k evil c'>a</span>", '<span class="k c">a</span>'),
        ("<svg><a href='/x'>a</a></svg>b", "b"),
        ("<input type='text' disabled name='q' value='v'>", '<input type="checkbox" disabled="">'),
        ("<img src='https://a.example/x'>", '<img loading="lazy">'),
        ("<ol start='x'><li>a</ol>", "<ol><li>a</li></ol>"),
        ("<td>a", "a"),
        ("<div role='alert' tabindex='9'>a</div>", "<div>a</div>"),
    ],
)
def test_only_the_allow_list_stays(html: str, expected: str) -> None:
    assert sanitise(html) == expected
    assert sanitise(expected) == expected


@pytest.mark.parametrize(
    "html",
    [
        "<pre>\n\n\nx</pre>",
        "<table><b><tr><td><a href=/x><table><a>",
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
        "<b><p><i></b>x</p>y",
        "<a href=/1><div><a href=/2>x",
        "<ul><p><li><h3><ul>",
    ],
)
def test_broken_nesting_comes_to_rest(html: str) -> None:
    once = sanitise(html)
    assert sanitise(once) == once
