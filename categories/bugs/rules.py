"""What of a bug's thread becomes the text of its issue: the report, what is known, versions, where it came from (pure)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from categories.bugs.quiet import quiet
from forum.threads.rules import open_fence, without_quotes
from forum.web.i18n import _

# GitHub's own bounds are 256 characters and 65,536; what is added below the text has its place beside it.
TITLE_MOST: Final = 256
BODY_MOST: Final = 60_000
REPORT_MOST, ANSWER_MOST = 20_000, 10_000
LINES_MOST, LINE_MOST = 10, 160

_KEY = (
    r"(?:[\w.+-]+ )?versions?|os|operating system|platform|system|browser|kernel|distro|distribution|compiler"
    r"|environment|architecture|arch|cpu|gpu|device|driver|database|runtime|python|node(?:\.js)?|java|php|ruby|rust|go"
)
_NAMED = re.compile(rf"^(?:{_KEY})\s*[:=]\s*\S", re.IGNORECASE)
_NUMBERED = re.compile(r"(?<![\w.])v?\d+\.\d+(?:\.\d+)*(?:[-+.]?(?:a|b|rc|dev|alpha|beta|post)\.?\d*)?(?![\w.]*\w)")
_KNOWN = (
    r"python|pypy|node(?:\.js)?|npm|java|jdk|php|ruby|rust(?:c)?|golang|\.net|linux|ubuntu|debian|fedora|arch|alpine"
    r"|windows|macos|mac os|os x|ios|android|chrome|chromium|firefox|safari|edge|docker|podman|kubernetes|postgres\w*"
    r"|mysql|mariadb|sqlite|gcc|clang|cmake|cuda|pip|conda"
)
MARKER: Final = re.compile(r"<!-- haas:thread:([0-9]{1,18}):([0-9a-f]{32}) -->")
_LISTED = re.compile(r"^[ \t]*[-*+] .*$", re.MULTILINE)
# What may stand around a line in Markdown, before and behind it.
_BEFORE, _BEHIND = " \t>*+#|`-", " \t|`"


@dataclass(frozen=True)
class Said:
    """A public post: who wrote it and what it is to the thread. `is_home`: its `#12` are issues of the repository."""

    number: int
    markdown: str
    handle: str
    by_author: bool
    by_team: bool
    is_home: bool = True


@dataclass(frozen=True)
class Target:
    """Where an issue goes (OWNER/REPO) and where it comes from: this site's address and the project's name."""

    repository: str
    base_url: str
    project: str


def distilled(posts: Sequence[Said], accepted: int | None, target: Target) -> str:
    """The text for an issue out of a thread's public posts, for a maintainer to edit."""
    parts = []
    if report := next((post for post in posts if post.number == 1), None):
        parts.append(part(report, REPORT_MOST, target))
    if answer := diagnosis(posts, accepted):
        heading = (
            _("### Accepted answer, by `%(name)s`") if answer.number == accepted else _("### Diagnosis, by `%(name)s`")
        )
        parts.append(heading % {"name": answer.handle} + "\n\n" + part(answer, ANSWER_MOST, target))
    lines = environment([post.markdown for post in posts if post.by_author], target.project)
    listed = "\n".join(_LISTED.findall(clipped(report.markdown, REPORT_MOST))) if report else ""
    # where the report itself lists them all, a second list says everything twice
    if set(lines) - set(environment([listed], target.project)):
        calm = (quiet(line, repository=target.repository, base_url=target.base_url, is_home=False) for line in lines)
        parts.append(_("### Versions and environment") + "\n\n" + "\n".join(f"- {line}" for line in calm))
    return "\n\n".join(part for part in parts if part)


def part(post: Said, most: int, target: Target) -> str:
    text = clipped(without_quotes(post.markdown), most)
    return quiet(text, repository=target.repository, base_url=target.base_url, is_home=post.is_home)


def diagnosis(posts: Sequence[Said], accepted: int | None) -> Said | None:
    """What is known of it: the accepted answer, else the last that the team said."""
    for post in posts:
        if post.number == accepted:
            return post
    return next((post for post in reversed(posts) if post.by_team and not post.by_author and post.number > 1), None)


def clipped(markdown: str, most: int) -> str:
    """At most so many characters, whole lines where it can be; a code block that is cut is closed."""
    if len(markdown) <= most:
        return markdown
    cut = markdown.rfind("\n", most // 2, most)
    text = markdown[: cut if cut > 0 else most].rstrip()
    fence = open_fence(text)
    return text + (f"\n{fence}" if fence else "") + "\n\n…"


def environment(texts: Iterable[str], project: str) -> list[str]:
    """The lines that name versions and surroundings, each once, in order."""
    names = re.compile(rf"(?<![\w.])(?:{_KNOWN}|{re.escape(project)})(?!\w)", re.IGNORECASE)
    found: dict[str, str] = {}
    for text in texts:
        for raw in without_quotes(text).splitlines():
            line = raw.strip().lstrip(_BEFORE).rstrip(_BEHIND).replace("**", "").strip()
            if not 3 < len(line) <= LINE_MOST or line.endswith("?"):
                continue
            if _NAMED.match(line) or (_NUMBERED.search(line) and names.search(line)):
                found.setdefault(line.casefold(), line)
    return list(found.values())[:LINES_MOST]


def marker_of(thread: int, key: UUID) -> str:
    """What makes an issue known again; GitHub does not show it."""
    return f"<!-- haas:thread:{thread}:{key.hex} -->"


def issue_body(text: str, *, site: str, url: str, reporter: str, promoter: str, marker: str) -> str:
    """The whole text of an issue: a maintainer's, where it came from, the marker. People are named, not called."""
    told = {"reporter": reporter, "promoter": promoter, "site": re.sub(r"[\[\]`<>\\]", "", site), "url": url}
    origin = _(
        "Reported by `%(reporter)s` on [%(site)s](%(url)s), where it is discussed; made an issue by `%(promoter)s`."
    )
    return f"{text.strip()}\n\n---\n{origin % told}\n{marker}".lstrip()
