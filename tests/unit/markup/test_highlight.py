"""Code boxes: languages, the few classes, and listings too odd to colour."""

import re
from html import unescape

import pytest

from forum.markup.highlight import HIGHLIGHT_LENGTH, LANGUAGES, code_box

SAMPLE = """# a // b -- c /* d */ "e" 'f' 12 0x1F 3.5e6
if (foo(bar) < 1) { return "x<y>&z"; } else
<a href="b">c</a> $v @d :e key: value
+ added
- removed
"""


@pytest.mark.parametrize("names", [names for _, _, names in LANGUAGES])
def test_colouring_changes_no_character(names: str) -> None:
    for name in names.split():
        box = code_box(SAMPLE, name)
        inner = box[box.index("<code>") + 6 : box.index("</code>")]
        assert set(re.findall(r"<[^>]*>", inner)) <= {
            *(f'<span class="{shade}">' for shade in "kscm"),
            *("</span>", "<b>", "</b>"),
        }
        assert unescape(re.sub(r"<[^>]*>", "", inner)) == SAMPLE.rstrip("\n")


@pytest.mark.parametrize(
    ("info", "code", "expected"),
    [
        ("java", 'int a = f("x"); // c', '<span class="k">int</span> a = <b>f</b>(<span class="s">"x"</span>);'),
        (
            "cs",
            'var s = @"a""b" + 1;',
            '<span class="k">var</span> s = <span class="s">@"a""b"</span> + <span class="m">1',
        ),
        ("json", '{"a": 1}', '<span class="m">1</span>'),
        ("diff", "-a\n+b", '<span class="m">-a</span>'),
        ("console", "$ ls", '<span class="c">$ </span>'),
        ("{.python .numberLines}", "def f(): pass", '<span class="k">def</span> <b>f</b>'),
        ("js,line-numbers", "let a", '<span class="k">let</span>'),
    ],
)
def test_words_get_the_class_of_their_kind(info: str, code: str, expected: str) -> None:
    assert expected in code_box(code, info)


def test_the_label_names_the_language() -> None:
    assert "<span>C++</span>" in code_box("x", "cpp")
    assert 'aria-label="Code, C++"' in code_box("x", "hpp")
    assert "<span>Code</span>" in code_box("x", "")
    assert '"' not in re.findall(r'aria-label="(.*?)">', code_box("x", 'a"b'))[0]


@pytest.mark.parametrize(
    "code", ["x = 1\n" * (HIGHLIGHT_LENGTH // 6 + 1), "x = 1 " + "y" * 401, "x = 1" + "\n" * 102 + "y", "x = 1 " * 100]
)
def test_a_listing_that_would_take_long_is_shown_plain(code: str) -> None:
    assert "<span class=" not in code_box(code, "python")
