"""What cooking makes of each thing people write: CommonMark and its neighbours, mentions, references, quotes."""

import pytest

from forum.markup import MAX_LENGTH, Cooked, TooLong, cook, find_mentions, plain
from tests.helpers.own_time import own_time

PEOPLE = frozenset({"ines", "bob.smith", "mei@github.com", "a_b"})


def html(markdown: str) -> str:
    return cook(markdown, people=PEOPLE).html


def mention(name: str, shown: str = "") -> str:
    return f'<a class="mention" href="/u/{name}">@{shown or name}</a>'


# --- CommonMark and its extensions -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("*a* **b** `c` ~~d~~", "<p><em>a</em> <strong>b</strong> <code>c</code> <s>d</s></p>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("a\r\n\r\nb", "<p>a</p>\n<p>b</p>"),
        ("3. x\n4. y", '<ol start="3">\n<li>x</li>\n<li>y</li>\n</ol>'),
        ("***", "<hr>"),
        ("> quoted", "<blockquote>\n<p>quoted</p>\n</blockquote>"),
        ("1 < 2 & <unknown>x</unknown>", "<p>1 &lt; 2 &amp; x</p>"),
        ("", ""),
    ],
)
def test_markdown_becomes_the_html_one_expects(markdown: str, expected: str) -> None:
    assert html(markdown) == expected


def test_headings_move_down_so_that_a_post_never_has_the_page_s_own() -> None:
    text = "\n".join("#" * level + f" h{level}" for level in range(1, 7)) + "\n\n<h1>raw</h1>\n\nunder\n=====\n"
    assert "<h3>h1</h3>\n<h4>h2</h4>\n<h5>h3</h5>\n<h6>h4</h6>\n<h6>h5</h6>\n<h6>h6</h6>\n<h3>raw</h3>" in html(text)
    assert "<h3>under</h3>" in html(text)
    assert "<h1" not in html(text) and "<h2" not in html(text)


@pytest.mark.parametrize(
    ("written", "expected"),
    [("###", "3"), ("### ##", "33"), ("## ####", "34"), ("# ### ### ## ######", "34445"), ("##### # ##", "334")],
)
def test_headings_leave_no_level_out_whatever_was_written(written: str, expected: str) -> None:
    text = "\n".join(f"{marks} x" for marks in written.split())
    assert html(text) == "\n".join(f"<h{level}>x</h{level}>" for level in expected)


def test_tables_scroll_and_align_numbers_by_class() -> None:
    cooked = html("| a | n |\n|---|--:|\n| x | 1 |")
    assert cooked.startswith('<div class="scroll" tabindex="0" role="group" aria-label="Table"><table class="table">')
    assert '<th class="n">n</th>' in cooked and '<td class="n">1</td>' in cooked
    assert "style" not in cooked


def test_task_boxes_are_disabled_and_labelled_by_their_text() -> None:
    cooked = html("- [x] done\n- [ ] open **b**\n- plain\n  1. [X] inner")
    assert '<li class="task"><label><input type="checkbox" disabled="" checked=""> done</label></li>' in cooked
    assert '<li class="task"><label><input type="checkbox" disabled=""> open <strong>b</strong></label></li>' in cooked
    assert "<li>plain" in cooked
    assert cooked.count("<label>") == cooked.count("</label>") == 3


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("see https://a.example/x_y?a=1&b=2.", "https://a.example/x_y?a=1&amp;b=2"),
        ("(http://a.example/b_(c))", "http://a.example/b_(c)"),
        ("<https://a.example/>", "https://a.example/"),
        ("[x](HTTPS://a.example)", "HTTPS://a.example"),
    ],
)
def test_outside_addresses_become_links_that_pass_nothing_on(text: str, href: str) -> None:
    assert f'<a href="{href}" rel="nofollow ugc noopener">' in html(text)


def test_mail_and_site_links_have_no_rel() -> None:
    assert html("<x@a.example>") == '<p><a href="mailto:x@a.example">x@a.example</a></p>'
    assert html("[t](/t/4) [p](#post_2)") == '<p><a href="/t/4">t</a> <a href="#post_2">p</a></p>'


@pytest.mark.parametrize("text", ["main.rs", "example.com", "a@b.example", "ftp://a.example/x", "xhttp://y", "http://"])
def test_file_names_and_other_schemes_stay_text(text: str) -> None:
    assert html(text) == f"<p>{text}</p>"


def test_links_lists_outside_urls_once_in_order() -> None:
    text = (
        "https://b.example [x](https://a.example/?q=1&r=2) https://b.example [in](/t/1) ![p](https://c.example/p.png)"
    )
    assert cook(text).links == ("https://b.example", "https://a.example/?q=1&r=2", "https://c.example/p.png")


# --- raw HTML and pictures ---------------------------------------------------------------------------------------


def test_the_html_that_github_issues_use_stays() -> None:
    text = "<details><summary>Log</summary>\n\n**b**\n\n</details>\n\nPress <kbd>Ctrl</kbd> H<sub>2</sub>O<br>x"
    assert html(text) == (
        "<details><summary>Log</summary>\n<p><strong>b</strong></p>\n</details>\n"
        "<p>Press <kbd>Ctrl</kbd> H<sub>2</sub>O<br>x</p>"
    )


def test_html_comments_are_dropped_but_not_in_code() -> None:
    assert html("<!-- template\nhelp -->\n\na <!-- b --> c `<!-- d -->` <!--> e") == (
        "<p>a  c <code>&lt;!-- d --&gt;</code>  e</p>"
    )


def test_unclosed_html_is_closed() -> None:
    assert html("<details><summary>a") == "<details><summary>a</summary></details>"
    assert html("a <b>c") == "<p>a <b>c</b></p>"


def test_scripts_styles_ids_and_handlers_go() -> None:
    cooked = html('<div id="a" style="x" onclick="y" class="top">t</div><script>s</script><p class="k">u</p>')
    assert cooked == "<div>t</div><p>u</p>"


def test_a_picture_from_elsewhere_becomes_a_link() -> None:
    link = '<a class="image" href="https://h.example/p.png" rel="nofollow ugc noopener">{}</a>'
    assert html("![a cat](https://h.example/p.png)") == "<p>" + link.format("a cat") + "</p>"
    assert html("![](https://h.example/p.png)") == "<p>" + link.format("p.png") + "</p>"
    assert html('<img width="9" alt="a &quot;cat&quot;" src="https://h.example/p.png">') == link.format('a "cat"')


def test_a_picture_within_a_link_leaves_one_link() -> None:
    cooked = html("[![badge](https://b.example/x.svg)](https://c.example)")
    assert cooked == (
        '<p><a href="https://c.example" rel="nofollow ugc noopener"><span class="image">badge</span></a></p>'
    )


def test_an_uploaded_picture_is_shown() -> None:
    assert html("![a](/uploads/1.png)") == '<p><img src="/uploads/1.png" alt="a" loading="lazy"></p>'
    assert html("![a](//h.example/1.png)") == "<p>a</p>"


# --- code --------------------------------------------------------------------------------------------------------


def test_fenced_code_is_coloured_in_a_named_box() -> None:
    assert html('```python\ndef f(x):  # c\n    return g("s", 1)\n```') == (
        '<div class="codebox"><header><span>Python</span></header>'
        '<pre tabindex="0" role="group" aria-label="Code, Python"><code>'
        '<span class="k">def</span> <b>f</b>(x):  <span class="c"># c</span>\n'
        '    <span class="k">return</span> <b>g</b>(<span class="s">"s"</span>, <span class="m">1</span>)'
        "</code></pre></div>"
    )


def test_indented_code_and_unknown_languages_are_plain_boxes() -> None:
    assert (
        '<header><span>Code</span></header><pre tabindex="0" role="group" aria-label="Code"><code>a &lt;b&gt;'
        in html("    a <b>")
    )
    assert '<span>Klingon</span></header><pre tabindex="0" role="group" aria-label="Code, Klingon">' in html(
        "```Klingon x=1\na\n```"
    )
    assert "<script" not in html("```<script>alert(1)</script>\na\n```")


# --- mentions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi @ines!", f"Hi {mention('ines')}!"),
        ("@Ines: a", f"{mention('ines', 'Ines')}: a"),
        ("thanks @bob.smith.", f"thanks {mention('bob.smith')}."),
        ("(@ines, @a_b)", f"({mention('ines')}, {mention('a_b')})"),
        ("**@ines**", f"<strong>{mention('ines')}</strong>"),
        ("@mei@github.com.", f"{mention('mei@github.com')}."),
        ("<b>@ines</b>", f"<b>{mention('ines')}</b>"),
    ],
)
def test_known_people_become_links(text: str, expected: str) -> None:
    assert html(text) == f"<p>{expected}</p>"


@pytest.mark.parametrize(
    "text",
    ["@nobody", "a@ines", "@ines/core", "@@ines", "@inesx", "@ines@elsewhere.example", "x/@ines", r"\@ines", "@"],
)
def test_what_only_looks_like_a_mention_stays_text(text: str) -> None:
    assert html(text) == f"<p>{text.removeprefix(chr(92))}</p>"


@pytest.mark.parametrize(
    "text",
    [
        "`@ines #1 :tada:`",
        "```\n@ines #1 :tada:\n```",
        "    @ines #1",
        "<code>@ines #1</code>",
        "[@ines #1](/x)",
        '<a href="/x">@ines #1</a>',
        "https://a.example/@ines#1",
        "<!-- @ines #1 -->",
    ],
)
def test_code_links_and_comments_mention_nobody(text: str) -> None:
    cooked = cook(text, people=PEOPLE, issue_url=lambda number: f"/i/{number}")
    assert 'class="mention"' not in cooked.html and 'class="issue"' not in cooked.html
    assert not cooked.mentions and not cooked.issue_numbers
    assert not find_mentions(text)


def test_callers_can_look_up_who_is_mentioned_first() -> None:
    text = "@Ines @nobody, @mei@GitHub.com\n> @quoted\n\n`@code`"
    assert find_mentions(text) == {"ines", "nobody", "mei@github.com", "quoted"}
    assert cook(text).mentions == {"ines", "nobody", "mei@github.com"}


# --- issue references --------------------------------------------------------------------------------------------


def test_issue_numbers_link_where_the_caller_says() -> None:
    cooked = cook("see #12, (#3) and #4", issue_url={12: "https://g.example/12", 3: "/t/3"}.get)
    assert cooked.html == (
        '<p>see <a class="issue" href="https://g.example/12" rel="nofollow ugc noopener">#12</a>, '
        '(<a class="issue" href="/t/3">#3</a>) and #4</p>'
    )
    assert cooked.issue_numbers == {12, 3, 4}
    assert cooked.links == ()


@pytest.mark.parametrize("text", ["foo#12", "owner/repo#12", "#12a", "#0", "##12", "&#169;", "a/#12", r"\#12"])
def test_other_hashes_are_no_issue(text: str) -> None:
    assert not cook(text, issue_url=lambda number: f"/i/{number}").issue_numbers


def test_a_bad_issue_url_loses_its_link() -> None:
    assert "javascript" not in cook("#1", issue_url=lambda number: "javascript:alert(1)").html


# --- emoji -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (":tada: :+1::white_check_mark:", "🎉 👍✅"),
        ("(:rocket:)", "(🚀)"),
        ("at 12:30:45", "at 12:30:45"),
        ("std::vector::b:", "std::vector::b:"),
        (":not_an_emoji_at_all:", ":not_an_emoji_at_all:"),
        (r"\:tada:", ":tada:"),
    ],
)
def test_emoji_shortcodes(text: str, expected: str) -> None:
    assert html(text) == f"<p>{expected}</p>"


# --- quotes ------------------------------------------------------------------------------------------------------


def test_a_quote_links_to_the_post_it_quotes() -> None:
    cooked = cook('[quote="ines, post:4, topic:12"]\nI *think*\n[/quote]\n\nRight.')
    assert cooked.html == (
        '<blockquote><header><a href="/t/12/4">ines, post 4</a></header>\n<p>I <em>think</em></p>\n</blockquote>\n'
        "<p>Right.</p>"
    )
    assert cooked.quotes == ((12, 4, "ines"),)
    assert cooked.excerpt == "Right."


@pytest.mark.parametrize(
    ("opening", "header", "quote"),
    [
        (
            '[quote="Mei L, post:2, topic:3, full:true, username:mei"]',
            '<a href="/t/3/2">Mei L, post 2</a>',
            (3, 2, "mei"),
        ),
        ('[quote="ines, topic:3"]', '<a href="/t/3">ines</a>', (3, None, "ines")),
        ('[quote="ines, post:2"]', '<a href="#post_2">ines, post 2</a>', (None, 2, "ines")),
        ("[quote=ines]", "ines", (None, None, "ines")),
        ('[QUOTE="<b>, post:x, topic:-1"]', "&lt;b&gt;", (None, None, "<b>")),
    ],
)
def test_quotes_say_as_much_as_is_known(opening: str, header: str, quote: tuple[int | None, int | None, str]) -> None:
    cooked = cook(f"{opening}\nx\n[/quote]")
    assert f"<blockquote><header>{header}</header>\n<p>x</p>" in cooked.html
    assert cooked.quotes == (quote,)


@pytest.mark.parametrize(
    "text",
    [
        "before\n[quote]inside[/quote]\nafter",
        "before\n\n[quote]\ninside\n[/quote]\nafter",
        "before\n\n[quote]inside\n[/quote]\n\nafter",
        "before\n\n[quote]\ninside[/quote]\nafter",
    ],
)
def test_quote_tags_need_no_lines_of_their_own(text: str) -> None:
    assert html(text) == "<p>before</p>\n<blockquote>\n<p>inside</p>\n</blockquote>\n<p>after</p>"


def test_quotes_nest_and_stand_in_lists_and_blockquotes() -> None:
    cooked = cook(
        "[quote=a]\n[quote=b]\nx\n[/quote]\ny\n[/quote]\n\n> [quote=c]\n> z\n> [/quote]\n\n- w\n  [quote=d]v[/quote]"
    )
    assert [quote[2] for quote in cooked.quotes] == ["a", "b", "c", "d"]
    assert cooked.html.count("<blockquote>") == cooked.html.count("</blockquote>") == 5
    assert "quote=" not in cooked.html


@pytest.mark.parametrize(
    "text",
    ["[quote]\nopen", "[/quote]", "```\n[quote]\nx\n[/quote]\n```", "- [quote]\n\nout\n[/quote]", "`[quote]x[/quote]`"],
)
def test_a_quote_that_is_not_one_stays_text(text: str) -> None:
    cooked = cook(text)
    assert "<blockquote" not in cooked.html and not cooked.quotes
    assert "quote]" in plain(cooked.html)


# --- limits ------------------------------------------------------------------------------------------------------


def test_a_post_above_the_limit_is_refused() -> None:
    assert isinstance(cook("a" * MAX_LENGTH), Cooked)
    with pytest.raises(TooLong) as refused:
        cook("a" * (MAX_LENGTH + 1))
    assert refused.value.length == MAX_LENGTH + 1
    assert isinstance(refused.value, ValueError)
    with pytest.raises(TooLong):
        find_mentions("@" * (MAX_LENGTH + 1))


@pytest.mark.parametrize("mark", ["> ", "- ", "1. ", "> - ", "[quote]\n", "<div>", "<b>", "*", "[", "![", "("])
def test_very_deep_nesting_loses_no_text(mark: str) -> None:
    for depth in (30, 200, 1500):
        assert "deepest" in plain(
            cook(mark * depth + "deepest" + "\n[/quote]" * (depth if "quote" in mark else 0)).html
        )


HOSTILE = {
    "comments that never end": "x " + "<!--" * 25_000 + "--->",
    "comments, fewer": "x " + "<!--" * 1_400 + "--->",
    "formatting elements that each paragraph repeats": "".join(f"<b x={i}>" for i in range(900)) + "<p>y" * 900,
    "schemes": "a://" * 1_700,
    "addresses cut off": "http:// " * 1_300,
    "quotes never closed": "[quote]\n" * 1_500,
    "quotes closed outside their list": "- x\n" + "  [quote]\n" * 600 + "bad\n" + "  [/quote]\n" * 600,
    "wide empty table": "|a" * 300 + "|\n" + "|-" * 300 + "|\n" + "|b\n" * 2_000,
    "everything at once": '[![*`<b title="' * 6_000,
    "tags": "<table><b>x" * 900,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_posts_cook_within_a_second_and_do_not_swell(name: str) -> None:
    with own_time() as taken:
        cooked = cook(HOSTILE[name][:MAX_LENGTH])
        assert taken() < 1.0
    assert len(cooked.html) < 1_000_000


def test_a_text_that_is_nearly_all_marks_is_shown_as_written() -> None:
    cooked = cook("*a **b " * 10_000, people=PEOPLE)
    assert cooked.html.startswith('<div class="codebox"><header><span>Text</span></header>')
    assert "*a **b *a" in plain(cooked.html)


def test_characters_that_no_post_may_hold() -> None:
    assert html("a\x00b\x07c\u202ed\u2066e &#8238;&#1;&#x202E;f <b>&#8238;g</b>") == "<p>abcde �f <b>g</b></p>"
    assert html("a\ud800b") == "<p>a�b</p>"
    assert html("א\u200fב") == "<p>א\u200fב</p>"
