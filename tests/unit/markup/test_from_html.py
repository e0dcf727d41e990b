"""HTML becomes Markdown that cooks to the same words, links and code."""

import re
from html import escape, unescape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forum.markup import cook
from forum.markup.from_html import to_markdown
from forum.markup.text import strip_unwanted

BASE = "https://pond.stackexchange.com/"


def again(html: str) -> str:
    return cook(to_markdown(html, BASE)).html


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>One\n two</p>\n<p>three<br>four</p>", "One two\n\nthree\nfour"),
        ("<p><em>a</em> <b>b</b> <del>c</del></p>", "*a* **b** ~~c~~"),
        ("<p>a <strong> b </strong>c</p>", "a **b** c"),
        ("<p>see <a href='/q/1' title='Q'>this</a></p>", f'see [this]({BASE}q/1 "Q")'),
        ("<p><a href='https://a.example/x_y_'>https://a.example/x_y_</a></p>", "<https://a.example/x_y_>"),
        ("<p>f(<code>x`y</code>)</p>", "f(``x`y``)"),
        ("<h2>One<br>line</h2><hr><p>x</p>", "## One line\n\n---\n\nx"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"),
        ("<ol start=9><li><p>a</p></li><li><p>b</p></li></ol>", "9. a\n\n10. b"),
        ("<ul><li>a</li></ul><ul><li>b</li></ul>", "- a\n\n* b"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
        ("<pre class='lang-py x'><code>a &lt; b\n</code></pre>", "```py\na < b\n```"),
        ("<pre><code>```\n</code></pre>", "````\n```\n````"),
        (
            "<table><tr><th>a</th><th style='text-align:right'>b</th></tr><tr><td>x|y</td><td>1</td></tr></table>",
            "| a | b |\n| --- | ---: |\n| x\\|y | 1 |",
        ),
        ("<p>press <kbd>Ctrl</kbd>, x<sup>2</sup></p>", "press <kbd>Ctrl</kbd>, x<sup>2</sup>"),
        ("<p>x<em>(a)</em>y</p>", "x<em>(a)</em>y"),
        ("<p><img src='https://i.example/a.png' alt='a pump'></p>", "![a pump](https://i.example/a.png)"),
        ("<blockquote class='spoiler'><p>b</p></blockquote>", "<details><summary>Spoiler</summary>\n\nb\n\n</details>"),
        ("<p>Hello!<a href='https://a.example/'>x</a></p>", "Hello\\![x](https://a.example/)"),
        ("<dl><dt>a</dt><dd>b</dd></dl>", "**a**\n\nb"),
        ("", ""),
        ("<p> </p><em></em>", ""),
    ],
)
def test_what_html_says_markdown_says(html: str, markdown: str) -> None:
    assert to_markdown(html, BASE) == markdown


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script><p>x</p>",
        "<p onclick=alert(1)>x</p>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='data:text/html,x'>x</a>",
        "<img src=x onerror=alert(1)>",
        "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
        "<svg><script>alert(1)</script></svg>",
        "<p>[x](javascript:alert(1))</p>",
    ],
)
def test_nothing_that_runs_gets_through(html: str) -> None:
    cooked = again(html)

    assert not re.search(r"<script|<svg|\son\w+=|href=\"(?:javascript|data):", cooked)


# What people type, and what Markdown would make something of.
marks = st.sampled_from(
    [*"*_`~[]()!<>#-+=|\\:&.1 \n", "word", "http", "&amp;", ":tada:", "~~", "[quote]", "1. ", "# ", "@mei", "#12", "**"]
)
lines = st.lists(marks, max_size=25).map("".join)


def shown(html: str) -> str:
    """The words of cooked HTML, without white space."""
    return "".join(unescape(re.sub(r"<[^>]*>", "", html)).split())


@settings(deadline=None, max_examples=300)
@given(lines)
@example("a\\")
@example("1. x")
@example("- - -")
@example("|-|-|")
def test_words_stay_the_words_they_are(text: str) -> None:
    for html in (f"<p>{escape(text)}</p>", f"<ul><li>{escape(text)}</li></ul>", f"<p>x<em>{escape(text)}</em>y</p>"):
        cooked = again(html)

        assert shown(cooked) == shown(html)
        assert not re.search(r"<(?:code|strong|h\d|ol|blockquote|table|hr|img)", cooked)


code_lines = st.text(st.sampled_from("ab `~\t>#*\\<&1.-\n|"), max_size=40)


@settings(deadline=None, max_examples=300)
@given(code_lines)
@example("\tx\n  y")
@example("```\n~~~\n````")
def test_code_blocks_survive_exactly(code: str) -> None:
    for html in (
        "<pre><code>{}\n</code></pre>",
        "<blockquote><p>x</p><pre><code>{}\n</code></pre></blockquote>",
        "<ul><li><p>x</p><pre><code>{}\n</code></pre><ol><li><pre><code>{}\n</code></pre></li></ol></li></ul>",
    ):
        markdown = to_markdown(html.replace("{}", escape(code)), BASE)
        found = re.findall(r"<code>(.*?)</code>", re.sub(r"<span[^>]*>|</span>", "", cook(markdown).html), re.DOTALL)

        assert [unescape(each).rstrip("\n") for each in found] == [strip_unwanted(code).rstrip("\n")] * html.count("{}")


@pytest.mark.parametrize("deep", ["<blockquote>", "<ul><li>", "<b>", "<table><tr><td>", "<div>"])
def test_deep_nesting_costs_nothing(deep: str) -> None:
    markdown = to_markdown(deep * 2_000 + "word", BASE)

    assert "word" in markdown
    assert len(markdown) < 10_000
