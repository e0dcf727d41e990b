"""The habits of the house that no other tool keeps: sizes, imports, commits, visibility, templates, documentation."""

import ast
import dataclasses
import importlib
import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from forum.app import all_routes
from forum.settings import Settings, variable
from forum.web.errors import Problem
from forum.web.routing import AccessRoute

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("forum", "categories", "reputation", "payouts", "importers", "search")
MOST_LINES = {".py": 400, ".js": 150}

# SQL that reads threads or posts without asking the rule of forum/threads/visibility.py, each with the reason why
# nobody hears of a row through it that is not for them: (file, name of the function or constant) → reason.
UNSEEN = {
    ("categories/support/inbox/buckets.py", "KEPT"): "counts; a private thread is not among those that a tag counts",
    ("forum/threads/actions.py", "accept_answer"): "the thread was locked by locked_thread, which asks",
    ("payouts/bumps/actions.py", "locked_bump"): "money that has arrived is booked, whoever may see the thread by now",
    ("forum/threads/pages.py", "reaction"): "only finds the thread of a post; react() asks",
    ("forum/threads/page_queries.py", "IS_PLAIN"): "says whether anything is the reader's own, of a head that asks",
    ("forum/threads/queries.py", "LIST"): "a frame whose conditions its callers fill in",
    ("forum/threads/queries.py", "LATEST_STAMP"): "a stamp over public threads alone",
    ("forum/threads/starting.py", "sent_before_thread"): "the author's own thread, by the key they sent",
    ("forum/threads/starting.py", "key_of_same_words"): "the author's own thread, by the words they sent",
    ("forum/threads/writing.py", "sent_before_reply"): "the author's own post, by the key they sent",
    ("forum/threads/writing.py", "store_reply"): "on a thread that locked_thread locked, which asks",
    ("categories/ask/pages.py", "home_top"): "a count over public threads alone",
    ("categories/support/pages.py", "bucket"): "only finds the category to move to; move_thread() asks",
    ("categories/support/actions.py", "is_in_support"): "where a locked ticket lies; shows nobody anything",
    ("categories/support/inbox/view_counts.py", "LOOKED"): "counts; no private thread is among those of a tag",
    ("categories/figures/queries.py", "chosen_sql"): "counts for the team; which ticket is which is told to nobody",
    ("categories/figures/queries.py", "BACKLOG"): "counts for the team; which ticket is which is told to nobody",
    ("categories/figures/queries.py", "PROMISES"): "counts for the team; which ticket is which is told to nobody",
    ("categories/figures/queries.py", "FACTS"): "counts for the team; which ticket is which is told to nobody",
    ("categories/figures/queries.py", "PEOPLE"): "counts for the owner, and for each member of their own",
    ("categories/support/queries.py", "OWN"): "the reader's own tickets",
    ("importers/github/following.py", "HERE"): "the import, which shows nobody anything",
    ("importers/github/storing.py", "store_issue"): "the importer, on rows it imported; shows nobody anything",
    ("importers/github/storing.py", "update_head"): "the importer, on rows it imported; shows nobody anything",
    ("importers/github/storing.py", "store_comment"): "the importer, on rows it imported; shows nobody anything",
    ("importers/changes.py", "change_text"): "the importer, on rows it imported; shows nobody anything",
    ("importers/github/comments.py", "Posts"): "the importer, on rows it imported; shows nobody anything",
    ("categories/support/dashboard.py", "ANSWERED"): "counts for the team alone; which ticket is not told",
    ("reputation/actions.py", "SETTLE_ANSWER"): "inside the reply, which asked; shows nobody anything",
    ("reputation/actions.py", "SETTLE_REACTION"): "inside the reaction, which asked; shows nobody anything",
    ("reputation/actions.py", "SETTLE_ACCEPTANCE"): "inside the acceptance, which asked; shows nobody anything",
    ("reputation/actions.py", "BACKFILL"): "writes what rows of a bulk load earned; shows nobody anything",
    ("importers/github/bot/bringing.py", "settle"): "the importer, on a row it imported; shows nobody anything",
    ("importers/github/claims.py", "writings"): "the importer, on rows it imported; shows nobody anything",
    ("forum/threads/bringing.py", "bring_posts"): "an importer, on a thread it locked; shows nobody anything",
    ("importers/stackexchange/storing.py", "FIND"): "the importer, on rows it imported; shows nobody anything",
    ("importers/stackexchange/storing.py", "KNOWN"): "the importer, on rows it imported; shows nobody anything",
    ("importers/stackexchange/storing.py", "POSTS"): "the importer, on rows it imported; shows nobody anything",
    ("importers/stackexchange/storing.py", "update_head"): "the importer, on rows it imported; shows nobody anything",
    (
        "payouts/thanks/actions.py",
        "WROTE",
    ): "inside what happened to the thread; who answered is told nothing of others",
    ("payouts/thanks/jobs.py", "WROTE_IN"): "which threads to look at after a claim; shows nobody anything",
    ("payouts/thanks/jobs.py", "thank_claimed"): "locks a thread to thank in it; shows nobody anything",
    ("payouts/runs/queries.py", "SHARERS"): "whether an answer stands still; which one is not told",
    ("search/meili/statements.py", "DOCUMENTS"): "fills the index outside; what is found in it is asked of the rows",
    ("search/meili/statements.py", "POSTS_OF_CHANGES"): "fills the index outside; shows nobody anything",
    ("search/meili/keeping.py", "fill"): "how far a rebuild has to go; shows nobody anything",
    ("forum/api/feeds.py", "sitemap"): "public threads alone",
    ("forum/api/feeds.py", "sitemap_part"): "public threads alone",
    ("forum/threads/splitting.py", "leave_lines"): "inside the split, which asked; shows nobody anything",
    ("categories/support/joining/merging.py", "carry_reply"): "a job about a post of whoever asks there; shows nothing",
    ("categories/support/joining/linking.py", "resolve_with"): "the job of a link that was made by who may see both",
    ("categories/support/snoozing/actions.py", "locked_by_thread"): "locks a thread for a job; shows nobody anything",
    ("categories/support/subscribers.py", "assignee_may_not_follow"): "inside the move, which asked; shows nothing",
    ("forum/mail/arriving/replies.py", "hidden_before"): "keeps what quotes a whisper to the team; shows nobody it",
    ("forum/mail/addresses.py", "find_address"): "whether a token was given out; whoever posts by it is asked",
    ("forum/notifications/hearing.py", "hear_first"): "names a post to the job, which asks for each who might hear",
    ("forum/notifications/hearing.py", "hear_post"): "finds out who is mentioned; HEARD asks for each of them",
    ("forum/notifications/hearing.py", "UNSEEN"): "asks MAY_SEE for what is not, and shows nobody anything",
    ("forum/notifications/queries.py", "SHOWN"): "ends with MAY_SEE, which asks",
    ("forum/notifications/queries.py", "UNREAD"): "ends with MAY_SEE, which asks",
    ("forum/notifications/queries.py", "ONE"): "stands inside SHOWN, which asks",
    ("categories/support/inbox/suggesting.py", "ACCEPTED"): "counts for the team alone; which answers is not told",
    ("categories/support/inbox/claims.py", "end_or_warn"): "locks a thread to end a claim in it; shows nobody anything",
    (
        "categories/support/inbox/claims.py",
        "give",
    ): "locks a thread to give its ticket to who may see it; shows nothing",
    ("categories/support/subscribers.py", "thread_moved"): "inside the move, which asked; shows nothing",
    (
        "categories/support/silence.py",
        "LAST_WORD",
    ): "a moment alone, in which people were last heard; shows nothing else",
    ("categories/support/silence.py", "look_at"): "locks the thread of a silent ticket; shows nobody anything",
    ("categories/support/tuning/queries.py", "LAST_OF_OTHERS"): "a moment alone, from which a ticket waits",
    ("categories/support/tuning/queries.py", "ANSWERS"): "a count for the owner alone; which thread is not told",
    ("categories/forms/answers.py", "say_answers"): "the asker's own post, inside the submission, which asked",
    (
        "categories/forms/privacy.py",
        "requesters_of",
    ): "who is told, inside the question, which asked; shows nobody anything",
    ("categories/support/parts.py", "asks_of"): "the form of a draft that its requester is shown",
    ("categories/support/submitting.py", "filled_in"): "inside the submission, on a ticket that ticket_for asked for",
    ("categories/bugs/mirror.py", "mirror"): "an issue's news, written into its thread; shows nobody anything",
    ("categories/bugs/mirror.py", "commented"): "an issue's news, written into its thread; shows nobody anything",
    ("categories/bugs/mirror.py", "tell_closed"): "the thread's project alone; who hears is asked of WAITING",
    (
        "importers/github/reactions.py",
        "store_reactions",
    ): "an importer writes whose posts they are; shows nobody anything",
    ("importers/github/said.py", "remove_post"): "takes away what was taken away there; shows nobody anything",
    ("importers/github/said.py", "NOTE"): "an importer's memory of dates and counts; shows nobody anything",
    ("importers/github/whole.py", "settle_answer"): "an importer writes the answer; shows nobody anything",
    ("importers/github/live.py", "COUNTED"): "the importer's own summary: numbers of what was public there",
}
# What is called title in a template's text and is shown as it is, each with the reason: (file, name) → reason.
PLAIN = {
    ("forum/projects/templates/terms_to_accept.html", "term.title"): "what terms are called",
    ("forum/threads/templates/edit.html", "post.title"): "beside the field, as it is typed",
    ("forum/threads/templates/edit.html", "fields.title"): "the field",
    ("forum/threads/templates/revisions.html", "edit.title"): "what was typed before and after, piece by piece",
    ("forum/threads/templates/split.html", "values.title"): "the field",
    ("categories/ask/templates/new_thread.html", "errors.title"): "what is wrong with it",
    ("categories/ask/templates/pinned.html", "each.title"): "what a project calls a link",
    ("categories/bugs/templates/promote.html", "typed.title"): "the field",
    ("categories/figures/templates/charts.html", "chart.title"): "what a chart is called",
    ("categories/support/templates/template.html", "labels.title"): "what the field is called",
    ("categories/support/templates/template.html", "values.title"): "the field, of a response template",
    ("categories/support/templates/templates.html", "gone.title"): "what a response template is called",
    ("categories/support/templates/templates.html", "row.title"): "what a response template is called",
    ("categories/support/templates/templates.html", "each.title"): "what a response template is called",
}
# Rooms of the operator's command line alone: they fill, measure and check a site, and show nobody a thread.
OPERATORS_OWN = ("forum/demo/", "forum/bench/", "forum/recount.py", "forum/doctor.py")
READS_THREADS = re.compile(r"\b(?:from|join)\s+(?:only\s+)?(?:thread|post)\b(?!_)", re.IGNORECASE)


def python_files(*folders: str) -> list[Path]:
    return [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def strings(node: ast.AST) -> Iterator[str]:
    return (n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str))


SOURCES = python_files(*ROOMS)
TESTS = python_files("tests")
TEMPLATES = [file for room in ROOMS for file in sorted((ROOT / room).rglob("templates/*.html"))]


def test_no_file_is_two_things() -> None:
    files = [*SOURCES, *TESTS, *sorted((ROOT / "static" / "js").glob("*.js"))]
    lines = {name_of(file): len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    long = {name: n for name, n in lines.items() if n > MOST_LINES[Path(name).suffix]}
    assert not long, f"longer than a file may be: {long}"


def test_every_module_says_what_it_is_for() -> None:
    silent = [name_of(file) for file in SOURCES + TESTS if file.stat().st_size and not ast.get_docstring(parsed(file))]
    assert not silent


def test_no_import_hides_in_a_function() -> None:
    hidden = [
        f"{name_of(file)}:{inner.lineno}"
        for file in SOURCES + TESTS
        for outer in ast.walk(parsed(file))
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(outer)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert not hidden


def test_nothing_but_the_database_room_commits() -> None:
    found = []
    for file in SOURCES:
        if file.is_relative_to(ROOT / "forum" / "database"):
            continue
        for node in ast.walk(parsed(file)):
            called = isinstance(node, ast.Attribute) and node.attr in ("commit", "rollback")
            written = isinstance(node, ast.Constant) and re.match(
                r"\s*(commit|rollback)\b\s*;?\s*$", str(node.value), re.I
            )
            if called or written:
                found.append(f"{name_of(file)}:{node.lineno}")  # type: ignore[attr-defined]
    assert not found


def unasked() -> set[tuple[str, str]]:
    """Functions and constants with SQL that reads threads or posts and names no `visible_...`."""
    found = set()
    for file in SOURCES:
        if "migrations" in file.parts or name_of(file).startswith(OPERATORS_OWN):
            continue
        text = file.read_text(encoding="utf-8")
        for statement in parsed(file).body:
            if any(READS_THREADS.search(string) for string in strings(statement)):
                target = statement.targets[0] if isinstance(statement, ast.Assign) else statement
                name = getattr(target, "name", None) or getattr(target, "id", None) or ast.unparse(target)[:40]
                if "visible_" not in (ast.get_source_segment(text, statement) or ""):
                    found.add((name_of(file), name))
    return found


def test_whoever_reads_threads_or_posts_asks_who_may_see_them() -> None:
    assert unasked() <= set(UNSEEN), f"ask forum/threads/visibility.py, or say here why not: {unasked() - set(UNSEEN)}"


def test_no_exception_from_visibility_outlives_its_code() -> None:
    assert set(UNSEEN) <= unasked(), f"take these away: {set(UNSEEN) - unasked()}"


def test_templates_carry_nothing_that_the_content_security_policy_refuses() -> None:
    inline = re.compile(
        r"""<style|\sstyle\s*=|\son[a-z]+\s*=\s*["']|<script(?![^>]*\ssrc=)|javascript:""", re.IGNORECASE
    )
    found = {name_of(file): inline.findall(file.read_text(encoding="utf-8")) for file in TEMPLATES}
    assert not {name: hits for name, hits in found.items() if hits}


def test_a_plural_names_its_number() -> None:
    """Without a name it goes by what stands first in its `trans`, which may be a text."""
    nameless = re.compile(r"\{%-?\s*pluralize\s*-?%\}")
    assert not [name_of(file) for file in TEMPLATES if nameless.search(file.read_text(encoding="utf-8"))]


def shown_titles(template: str) -> Iterator[str]:
    """The titles (`thread.title`, `draft.thread_title`) that stand in the text of a template without `draw_title`: not
    those in attributes, in options and in the page's own title, which can hold text alone."""
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        held.append(found[0])
        return f"\0{len(held) - 1}\0"

    text = re.sub(r"\{#.*?#\}|\{% block title %\}.*?\{% endblock %\}", "", template, flags=re.S)
    text = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", hold, text, flags=re.S)
    text = re.sub(r"<(title|option)\b.*?</\1>|<[^>]*>", "", text, flags=re.S)
    for number in re.findall("\0([0-9]+)\0", text):
        part = held[int(number)]
        if part.startswith("{{") or re.match(r"\{%-?\s*trans\b", part):
            yield from re.findall(r"\w+(?:\.\w+)*\.(?:thread_)?title\b", re.sub(r"draw_title\([^()]*", "", part))


def test_titles_of_threads_are_drawn_with_their_code() -> None:
    bare = {(name_of(file), title) for file in TEMPLATES for title in shown_titles(file.read_text(encoding="utf-8"))}
    assert bare - set(PLAIN) == set(), "show it through draw_title, or say in PLAIN why it is shown as typed"
    assert set(PLAIN) - bare == set(), "take these away from PLAIN"


@pytest.mark.parametrize(
    ("template", "bare"),
    [
        ("<h3>{{ each.title }}</h3>", ["each.title"]),
        ("<p>{{ row.ticket.title or _('Private') }}</p>", ["row.ticket.title"]),
        ("<p>{% trans title=draft.thread_title %}Reply to {{ title }}{% endtrans %}</p>", ["draft.thread_title"]),
        ('<p title="{{ each.title }}">{{ draw_title(each.thread_title or each.title) }}</p>', []),
        ("{% block title %}{{ thread.title }}{% endblock %}<option>{{ each.title|truncate(80) }}</option>", []),
        ("{% if each.title %}{# each.title #}{{ icon('x') }}{% endif %}", []),
    ],
)
def test_the_titles_that_a_template_shows_are_found(template: str, bare: list[str]) -> None:
    assert list(shown_titles(template)) == bare


def test_every_room_stands_in_a_layer() -> None:
    layers = set(re.findall(r"[a-z_]+(?:\.[a-z_]+)?", (ROOT / ".importlinter").read_text(encoding="utf-8")))
    rooms = {room for room in ROOMS if (ROOT / room / "__init__.py").exists()} - {"forum"}
    below = {
        f"forum.{path.stem}"
        for path in (ROOT / "forum").iterdir()
        if (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").exists()
    }
    missing = (rooms | below) - layers
    assert not missing, f"add to .importlinter: {sorted(missing)}"


def test_the_locks_name_no_registry() -> None:
    addressed = re.compile(r"""^\s*--(extra-)?index-url|^\s*--find-links|"resolved":|@ https?://""", re.MULTILINE)
    locks = [*ROOT.glob("requirements*.txt"), ROOT / "package-lock.json"]
    assert not [name_of(lock) for lock in locks if addressed.search(lock.read_text(encoding="utf-8"))]


# --- documentation -------------------------------------------------------------------------------------------------


def doc(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def undescribed(names: set[str], *files: str) -> list[str]:
    """The names that stand in none of these pages, as `code`."""
    text = "\n".join(doc(file) for file in files)
    spans = set(re.findall(r"`([^`\n]+)`", text))
    return sorted(name for name in names if name not in spans)


def test_every_setting_is_described_for_operators() -> None:
    assert not undescribed({variable(field.name) for field in dataclasses.fields(Settings)}, "operators.md")


def commands() -> set[str]:
    """Every command of the command line, as it is typed: `haas serve`, `haas import github`."""
    cli = importlib.import_module("forum.cli")
    typer = importlib.import_module("typer.main")

    def walk(command: object, path: str) -> Iterator[str]:
        children = getattr(command, "commands", None)
        if children is None:
            yield path
        for name, child in (children or {}).items():
            yield from walk(child, f"{path} {name}")

    return set(walk(typer.get_command(cli.app), "haas"))


@pytest.mark.skipif(importlib.util.find_spec("forum.cli") is None, reason="the command line is not built yet")
def test_every_command_is_described_for_operators() -> None:
    assert not undescribed(commands(), "operators.md")


def test_every_address_is_described() -> None:
    paths = {re.sub(r":\w+}", "}", route.path) for route in all_routes() if isinstance(route, AccessRoute)}
    assert not undescribed(paths, "api.md")


def test_every_event_is_described() -> None:
    events = {
        node.name
        for file in SOURCES
        if file.name == "events.py" and file.parent != ROOT / "forum"
        for node in parsed(file).body
        if isinstance(node, ast.ClassDef)
    }
    assert not undescribed(events, "architecture.md")


def problems(kind: type[Problem] = Problem) -> Iterator[type[Problem]]:
    yield kind
    for below in kind.__subclasses__():
        yield from problems(below)


def test_every_kind_of_problem_is_described() -> None:
    assert not undescribed({problem.kind for problem in problems()} | {"broken"}, "architecture.md")
