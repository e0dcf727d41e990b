"""Traces, logs and compilers' output become code blocks; nothing else is touched, and nothing twice."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from categories.forms.traces import fenced
from forum.markup import cook
from tests.helpers.own_time import own_time

PYTHON = """Traceback (most recent call last):
  File "a.py", line 3, in <module>
    f()
    ~^^
ZeroDivisionError: division by zero

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "a.py", line 5, in <module>
    raise X("a") from None
pelican.X: a"""
JAVA = """Exception in thread "main" java.lang.IllegalStateException: A book has a null property
        at com.example.myproject.Author.getBookIds(Author.java:38)
        at com.example.myproject.Bootstrap.main(Bootstrap.java:14)
Caused by: java.lang.NullPointerException
        at com.example.myproject.Book.getId(Book.java:22)
        ... 1 more"""
NODE = """/home/a/app.js:3
  x.foo();
    ^

TypeError: x.foo is not a function
    at Object.<anonymous> (/home/a/app.js:3:5)
    at node:internal/main/run_main_module:28:49

Node.js v20.1.0"""
BROWSER = """Uncaught ReferenceError: y is not defined
    at draw (https://example.org/app.js:10:3)
    at https://example.org/app.js:20:1"""
DOTNET = """Unhandled exception. System.NullReferenceException: Object reference not set to an instance of an object.
   at Program.Main(String[] args) in C:\\a\\Program.cs:line 12"""
RUST = """thread 'main' panicked at src/main.rs:2:5:
index out of bounds: the len is 3 but the index is 99
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace"""
OLD_RUST = """thread 'main' panicked at 'called `Option::unwrap()` on a `None` value', src/main.rs:2:5
stack backtrace:
   0: rust_begin_unwind
             at /rustc/std/src/panicking.rs:575:5
   1: core::panicking::panic_fmt"""
GO = """panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.main()
\t/tmp/sandbox/prog.go:9 +0x1d
exit status 2"""
PHP = """PHP Fatal error:  Uncaught Exception: bad in /var/www/a.php:3
Stack trace:
#0 /var/www/a.php(7): foo()
#1 {main}
  thrown in /var/www/a.php on line 3"""
GCC = """main.c:5:10: error: 'x' undeclared (first use in this function)
    5 |   return x;
      |          ^"""
RUSTC = """error[E0382]: borrow of moved value: `v`
 --> src/main.rs:4:20
  |
2 |     let v = vec![1];
  |         - move occurs

error: aborting due to previous error"""
TSC = """src/a.ts(3,5): error TS2322: Type 'string' is not assignable to type 'number'.
src/a.ts(4,5): error TS2322: Type 'string' is not assignable to type 'number'."""
LOG = """2026-01-02 10:00:01 INFO start
2026-01-02 10:00:02 INFO go
2026-01-02 10:00:03 ERROR stop
Traceback (most recent call last):
  File "a.py", line 3, in <module>
ZeroDivisionError: x
2026-01-02 10:00:04 INFO end"""
ALL = {
    "python": (PYTHON,),
    "java": (JAVA,),
    "node": (NODE, BROWSER),
    "dotnet": (DOTNET,),
    "rust": (RUST, OLD_RUST),
    "go": (GO,),
    "php": (PHP,),
    "compiler": (GCC, RUSTC, TSC),
    "log": (LOG,),
}
PASTED = [(kind, text) for kind, texts in ALL.items() for text in texts]
PROSE = (
    "An Error: at the start, we said\nat noon error: no",
    "I get `Traceback (most recent call last):` and nothing more.",
    "Traceback (most recent call last):",
    "1. error at 12:00:00\n2. another",
    "> Traceback (most recent call last):\n>   File 'x'\n> E: y",
    "panic: what does it mean?",
    "See main.c:5:10: error: in the docs",
    "Meet me at 2026-01-02 10:00\nor at 2026-01-03 11:00",
    "I saw TypeError: nothing\n\n    at last, indented words of a code block",
    "Warning: do not do that in public on line 3",
    "- one\n- two\n\n    code that is indented\n",
)


@pytest.mark.parametrize(("kind", "text"), PASTED)
def test_what_was_pasted_stands_whole_in_one_block_between_the_words_around_it(kind: str, text: str) -> None:
    done = fenced(f"It breaks:\n{text}\nWhat now?")
    assert done.found == (kind,)
    match = re.fullmatch(r"It breaks:\n\n(`{3,})(\w+)\n(.*)\n\1\n\nWhat now\?", done.text, re.DOTALL)
    assert match is not None and match[3] == text, done.text
    assert cook(done.text).html.count("<pre") == 1


@pytest.mark.parametrize("text", PROSE)
def test_prose_quotes_and_what_is_indented_stay_as_they_are(text: str) -> None:
    assert fenced(text).text == text and fenced(text).found == ()


@pytest.mark.parametrize("fence", ["```", "~~~~", "```python", "   ```"])
@pytest.mark.parametrize(("kind", "text"), PASTED)
def test_nothing_inside_a_fence_is_touched_closed_or_not(kind: str, text: str, fence: str) -> None:
    marks = "".join(c for c in fence if c in "`~")
    for whole in (f"Look:\n\n{fence}\n{text}\n{marks}\n\nend", f"Look:\n{fence}\n{text}\nend"):
        assert fenced(whole).text == whole, kind


def test_a_block_that_holds_fences_of_its_own_gets_longer_ones() -> None:
    text = 'Traceback (most recent call last):\n  File "a.py", line 3, in x\n    y("````")\nE: z'
    assert fenced(text).text == f"`````pytb\n{text}\n`````"


def test_quotes_of_others_stay_theirs() -> None:
    text = f'[quote="sam, post:1, topic:2"]\n{PYTHON}\n[/quote]\n\nSame here.'
    assert fenced(text).text == text


lines = st.sampled_from(
    [line for _kind, text in PASTED for line in text.split("\n")]
    + [line for text in PROSE for line in text.split("\n")]
    + ["```", "~~~", "````", "", "  ", "```python", "[quote]", "[/quote]", "<pre>", "</pre>", "\t", "    x"]
)
texts = st.lists(lines | st.text(alphabet="ab`~#>: \t\n.|-1", max_size=30), max_size=40).map("\n".join)


@settings(max_examples=400)
@given(texts)
def test_only_whole_lines_of_fences_and_empty_ones_are_added_and_never_a_second_time(text: str) -> None:
    done = fenced(text)
    assert fenced(done.text).text == done.text
    left = iter(done.text.split("\n"))
    for line in text.split("\n"):
        for other in left:
            if other == line:
                break
            assert re.fullmatch(r"`{3,}\w*|", other), (line, other)
        else:
            raise AssertionError(f"{line!r} is gone")
    assert all(re.fullmatch(r"`{3,}\w*|", other) for other in left)
    if not done.found:
        assert done.text == text


@settings(max_examples=200)
@given(st.text(max_size=400))
def test_any_text_is_taken(text: str) -> None:
    fenced(text)


@pytest.mark.parametrize(
    "line",
    [
        "In file included from a.h",
        "Stack trace:",
        "Traceback (most recent call last):",
        "2026-01-02 10:00:01 x",
        "TypeError: x",
        "   at x (y:1:2)",
        "panic: x",
        "thread 'm' panicked at a:1:1:",
        "a in b in c:1 in d",
        "goroutine 1 [running]:",
        "a.c:1:1: note",
    ],
)
def test_a_hundred_thousand_characters_take_no_time(line: str) -> None:
    with own_time() as taken:
        fenced((line + "\n") * (100_000 // (len(line) + 1)))
        fenced((line + " ") * (100_000 // (len(line) + 1)))
        assert taken() < 2
