"""Fields of a form: what may be answered, what is missing, and how the answers stand in the first post (pure)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from forum.threads.rules import open_fence
from forum.web.i18n import _

KINDS: Final = ("version", "choice", "text", "log", "check")
FIELDS_MOST: Final = 20
OPTIONS_MOST: Final = 50
VERSION_MOST: Final = 60
TEXT_MOST: Final = 300
LOG_MOST: Final = 400_000
# A log of so many characters and lines stands in the post; of a longer one its end, and the way to all of it.
LOG_SHOWN: Final = 12_000
LOG_LINES: Final = 200
TAIL_LINES: Final = 60
POST_MOST: Final = 100_000
# Field's name in a form, a draft, and through signing in.
NAME = re.compile(r"field-[1-9][0-9]{0,17}")


@dataclass(frozen=True)
class Field:
    """A question of a category's form. `options` are a choice's, as they are shown and kept."""

    id: int
    kind: str
    label: str
    help: str = ""
    options: Sequence[str] = ()
    is_required: bool = False

    @property
    def name(self) -> str:
        return f"field-{self.id}"


@dataclass(frozen=True)
class Answered:
    """An answer as it is kept, with the question as it was asked."""

    field: int
    kind: str
    label: str
    answer: str


def read_answers(
    fields: Sequence[Field], sent: Callable[[str], str]
) -> tuple[list[Answered], dict[str, str], dict[str, str]]:
    """What was answered, what is wrong with it, and which required answers are missing; the last two by the field's
    name. `sent`: what was sent under a name, "" for nothing."""
    answers: list[Answered] = []
    faults: dict[str, str] = {}
    missing: dict[str, str] = {}
    for field in fields:
        try:
            answer = cleaned(field, sent(field.name))
        except ValueError as fault:
            faults[field.name] = str(fault)
            continue
        if answer:
            answers.append(Answered(field.id, field.kind, field.label, answer))
        elif field.is_required:
            missing[field.name] = _("Needed: tick it.") if field.kind == "check" else _("Needed.")
    return answers, faults, missing


def cleaned(field: Field, text: str) -> str:
    """An answer as it is kept, "" for none. ValueError with a sentence where the field cannot take it."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if field.kind == "check":
        return "yes" if text.strip() in ("1", "yes", "on", "true") else ""
    if field.kind == "log":
        text = text.strip("\n")
        if len(text) > LOG_MOST:
            raise ValueError(_("At most %(limit)d characters; these are %(n)d.") % {"limit": LOG_MOST, "n": len(text)})
        return text if text.strip() else ""
    text = " ".join(text.split())
    if field.kind == "choice":
        if text and text not in field.options:
            raise ValueError(_("Choose one of these."))
        return text
    most = VERSION_MOST if field.kind == "version" else TEXT_MOST
    if len(text) > most:
        raise ValueError(_("At most %(limit)d characters; these are %(n)d.") % {"limit": most, "n": len(text)})
    return text


def log_address(thread: int, field: int) -> str:
    """Where the whole of a long log is."""
    return f"/t/{thread}/logs/{field}"


def with_facts(markdown: str, answers: Sequence[Answered], thread: int) -> str:
    """A first post with what the form was told below it: a line for each fact, each log folded. A log too long for that
    shows its end and leads to all of it, so that the post stays within its bounds."""
    if not answers:
        return markdown
    body = markdown.rstrip()
    if fence := open_fence(body):
        body += f"\n{fence}"
    facts = [
        f"- **{plain(each.label)}:** {_('yes') if each.kind == 'check' else plain(each.answer)}"
        for each in answers
        if each.kind != "log"
    ]
    text = (body + "\n\n---\n" if body else "") + ("\n" + "\n".join(facts) + "\n" if facts else "")
    for each in answers:
        if each.kind == "log":
            text += "\n" + folded(each, thread, room=POST_MOST - len(text) - 500)
    return text.rstrip()


def folded(log: Answered, thread: int, room: int) -> str:
    """A log as a block that opens on a click."""
    lines = log.answer.split("\n")
    is_whole = len(log.answer) <= min(LOG_SHOWN, room) and len(lines) <= LOG_LINES
    shown, left = [], min(LOG_SHOWN, max(room, 0))
    for line in reversed(lines if is_whole else lines[-TAIL_LINES:]):
        left -= len(line) + 1
        if left < 0 and not is_whole:
            break
        shown.append(line)
    block = "\n".join(reversed(shown))
    marks = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", block)), default=0))
    said = {"label": html(log.label), "n": len(lines)}
    head = _("%(label)s, %(n)d lines") % said if is_whole else _("%(label)s, the end of %(n)d lines") % said
    way = "" if is_whole else f"[{_('The whole log')}]({log_address(thread, log.field)})\n\n"
    code = f"{marks}text\n{block}\n{marks}\n\n" if shown else ""
    return f"<details><summary>{head}</summary>\n\n{way}{code}</details>\n"


def plain(text: str) -> str:
    """A line as Markdown that says it as it is."""
    return re.sub(r"([\\`*_\[\]<>~|])", r"\\\1", text)


def html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def by_label(fields: Sequence[Field], sent: Mapping[str, str]) -> dict[str, str]:
    """Answers given by a program under a field's number or label, under the names of the form. ValueError names what no
    field is called."""
    known = {str(field.id): field.name for field in fields} | {field.label.casefold(): field.name for field in fields}
    found: dict[str, str] = {}
    for name, text in sent.items():
        if name.casefold() not in known:
            raise ValueError(name)
        found[known[name.casefold()]] = text
    return found


def recognised(kinds: Sequence[str]) -> str:
    """What was made a code block, in words."""
    names = {
        "python": _("a Python traceback"),
        "java": _("a Java stack trace"),
        "dotnet": _("a .NET stack trace"),
        "node": _("a JavaScript stack trace"),
        "rust": _("a Rust panic"),
        "go": _("a Go panic"),
        "php": _("a PHP error"),
        "compiler": _("a compiler's output"),
        "log": _("a log"),
    }
    return ", ".join(names[kind] for kind in kinds)
