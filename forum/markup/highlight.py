"""Code boxes: a listing with its language named and its words coloured in the few classes the style sheet knows."""

import re
from functools import cache, lru_cache
from html import escape
from pkgutil import resolve_name
from typing import Any

from pygments.lexer import Lexer
from pygments.token import (
    Comment,
    Generic,
    Keyword,
    Literal,
    Name,
    Number,
    Operator,
    Punctuation,
    Token,
    _TokenType,
)

HIGHLIGHT_LENGTH = 10_000
"""Characters of code coloured in one post; a listing that does not fit is shown plain."""

# Many lexers take time quadratic in the length of a line or of a run of white space; people write neither so long.
_SLOW = re.compile(r"[^\n]{401}|\s{101}")

# Label, lexer, names after the fence. Only these: a lexer that nobody has tried on hostile text is not offered, and
# resolving them by name keeps 25 ms of Pygments out of the start of the program.
LANGUAGES = (
    ("Bash", "shell:BashLexer", "bash sh shell zsh ksh"),
    ("C", "c_cpp:CLexer", "c h"),
    ("C#", "forum.markup.lexers:CSharp", "csharp c# cs"),
    ("C++", "c_cpp:CppLexer", "cpp c++ cc cxx hpp"),
    ("Clojure", "jvm:ClojureLexer", "clojure clj"),
    ("CMake", "make:CMakeLexer", "cmake"),
    ("Console", "shell:BashSessionLexer", "console shell-session sh-session"),
    ("CSS", "css:CssLexer", "css"),
    ("Dart", "javascript:DartLexer", "dart"),
    ("Diff", "diff:DiffLexer", "diff patch udiff"),
    ("Dockerfile", "configs:DockerLexer", "dockerfile docker"),
    ("Elixir", "erlang:ElixirLexer", "elixir ex exs"),
    ("Erlang", "erlang:ErlangLexer", "erlang erl"),
    ("Go", "go:GoLexer", "go golang"),
    ("GraphQL", "graphql:GraphQLLexer", "graphql gql"),
    ("Haskell", "haskell:HaskellLexer", "haskell hs"),
    ("HTML", "html:HtmlLexer", "html xhtml htm"),
    ("INI", "configs:IniLexer", "ini cfg dosini conf"),
    ("Java", "forum.markup.lexers:Java", "java"),
    ("JavaScript", "javascript:JavascriptLexer", "javascript js jsx mjs cjs node"),
    ("JSON", "data:JsonLexer", "json jsonc json5 jsonl"),
    ("Julia", "julia:JuliaLexer", "julia jl"),
    ("Kotlin", "jvm:KotlinLexer", "kotlin kt"),
    ("Lua", "scripting:LuaLexer", "lua"),
    ("Makefile", "make:MakefileLexer", "makefile make mk"),
    ("Nginx", "configs:NginxConfLexer", "nginx"),
    ("Nix", "nix:NixLexer", "nix"),
    ("OCaml", "ml:OcamlLexer", "ocaml ml"),
    ("Perl", "perl:PerlLexer", "perl pl"),
    ("PHP", "php:PhpLexer", "php"),
    ("PowerShell", "shell:PowerShellLexer", "powershell ps1 pwsh"),
    ("Protocol Buffers", "dsls:ProtoBufLexer", "protobuf proto"),
    ("Python", "python:PythonLexer", "python py python3 py3 pyi"),
    ("Python session", "python:PythonConsoleLexer", "pycon doctest"),
    ("Python traceback", "python:PythonTracebackLexer", "pytb py3tb traceback"),
    ("R", "r:SLexer", "r"),
    ("Ruby", "ruby:RubyLexer", "ruby rb"),
    ("Rust", "rust:RustLexer", "rust rs"),
    ("Scala", "jvm:ScalaLexer", "scala"),
    ("SCSS", "css:ScssLexer", "scss"),
    ("SQL", "sql:SqlLexer", "sql postgres postgresql psql mysql sqlite"),
    ("Swift", "objective:SwiftLexer", "swift"),
    ("TOML", "configs:TOMLLexer", "toml"),
    ("TypeScript", "javascript:TypeScriptLexer", "typescript ts tsx"),
    ("XML", "html:XmlLexer", "xml svg xsl xsd rss"),
    ("YAML", "data:YamlLexer", "yaml yml"),
    ("Zig", "zig:ZigLexer", "zig"),
)
_BY_NAME = {name: (label, lexer) for label, lexer, names in LANGUAGES for name in names.split()}
_PLAIN = {
    "text": "Text",
    "txt": "Text",
    "plain": "Text",
    "plaintext": "Text",
    "log": "Log",
    "output": "Output",
}

_CLASSES: dict[_TokenType, str] = {
    Comment: "c",
    Generic.Deleted: "m",
    Generic.Emph: "c",
    Generic.Heading: "b",
    Generic.Inserted: "s",
    Generic.Prompt: "c",
    Generic.Subheading: "k",
    Generic.Traceback: "",
    Keyword: "k",
    Literal: "s",
    Literal.Date: "m",
    Name.Attribute: "m",
    Name.Class: "b",
    Name.Decorator: "b",
    Name.Exception: "b",
    Name.Function: "b",
    Name.Tag: "k",
    Number: "m",
    Operator.Word: "k",
    Token: "",
}


def code_box(code: str, info: str = "", *, budget: int = HIGHLIGHT_LENGTH) -> str:
    """A listing as HTML; `info` is what stands after the fence, `budget` the characters that may still be coloured."""
    label, lexer = _language(info)
    code = code.rstrip("\n")
    inner = (
        _coloured(code, lexer)
        if lexer and len(code) <= budget and not _SLOW.search(code)
        else escape(code, quote=False)
    )
    title = escape(label)
    spoken = f"Code, {title}" if title else "Code"
    return (
        f'<div class="codebox"><header><span>{title or "Code"}</span></header>'
        f'<pre tabindex="0" role="group" aria-label="{spoken}"><code>{inner}</code></pre></div>\n'
    )


def _language(info: str) -> tuple[str, str]:
    """Label and lexer for what stands after a fence: ("Python", "python:PythonLexer"); either may be empty."""
    words = info.strip().strip("{}").lstrip(".").split()
    if not words:
        return "", ""
    name = words[0].split(",")[0].casefold()
    if name in _BY_NAME:
        return _BY_NAME[name]
    return _PLAIN.get(name, words[0][:30]), ""


@cache
def _lexer(path: str) -> Lexer:
    if not path.startswith("forum."):
        path = f"pygments.lexers.{path}"
    make: type[Lexer] = resolve_name(path)
    return make(stripnl=False)


@cache
def _class(kind: Any) -> str:
    while kind not in _CLASSES:
        kind = kind.parent
    return _CLASSES[kind]


@cache
def _is(kind: Any, family: Any) -> bool:
    return kind in family


@lru_cache(maxsize=256)  # a preview cooks the same listing at every pause in typing
def _coloured(code: str, lexer: str) -> str:
    """The code as HTML; neighbours of one class share an element, a name before a parenthesis counts as a function."""
    runs: list[tuple[str, str]] = []
    is_name = False
    for kind, text in _lexer(lexer).get_tokens(code):
        if is_name and _is(kind, Punctuation) and text.startswith("("):
            runs[-1] = ("b", runs[-1][1])
        shade = "" if text.isspace() else _class(kind)
        is_name = _is(kind, Name) and shade in ("", "b")
        if runs and runs[-1][0] == shade and not is_name and shade != "b":
            runs[-1] = (shade, runs[-1][1] + text)
        else:
            runs.append((shade, text))
    while runs and not (last := runs.pop())[1].rstrip("\n"):
        pass
    runs.append((last[0], last[1].rstrip("\n")))
    return "".join(_wrapped(shade, escape(text, quote=False)) for shade, text in runs)


def _wrapped(shade: str, text: str) -> str:
    if not shade:
        return text
    return f"<b>{text}</b>" if shade == "b" else f'<span class="{shade}">{text}</span>'
