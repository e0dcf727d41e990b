"""Issue forms and templates of a repository: their fields, how a thread fills them, and the text that comes of it (pure).

Sources: docs.github.com, "Syntax for issue forms", "Syntax for GitHub's form schema". The text is what GitHub itself makes
of a form: a heading for each field, so that programs there that read issues find what they look for.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from categories.bugs import yaml_forms
from forum.web.i18n import _

KINDS: Final = ("input", "textarea", "dropdown", "checkboxes")
FIELDS_MOST: Final = 40
OPTIONS_MOST: Final = 100
LABELS_MOST: Final = 20
ANSWER_MOST: Final = 20_000
# What GitHub writes where nothing was filled in.
NOTHING: Final = "_No response_"
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_SURROUNDINGS = re.compile(
    r"version|environment|platform|\bos\b|operating system|browser|python|runtime|system info", re.IGNORECASE
)


@dataclass(frozen=True)
class Field:
    """A field of a form. `id` names it here (`f1`, ...); `options` and `many` are of a choice."""

    id: str
    kind: str
    label: str
    hint: str = ""
    value: str = ""
    options: tuple[str, ...] = ()
    many: bool = False
    required: bool = False
    # code, where the form says in which language
    render: str = ""


@dataclass(frozen=True)
class Template:
    """A form (with `fields`) or a template whose `text` an issue begins with. `file`: its name, by which it is chosen."""

    file: str
    name: str
    about: str = ""
    title: str = ""
    labels: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    text: str = ""

    @property
    def is_form(self) -> bool:
        return bool(self.fields)


def read_template(file: str, content: str) -> Template | None:
    """The template in a file of `.github/ISSUE_TEMPLATE`; None for one that is none, or that cannot be read."""
    lower = file.lower()
    try:
        if lower.endswith((".yml", ".yaml")) and not lower.startswith("config."):
            return read_form(file, yaml_forms.read(content))
        if lower.endswith(".md"):
            return read_markdown(file, content.replace("\r\n", "\n"))
    except (yaml_forms.NotRead, RecursionError):
        return None
    return None


def words(told: Any, most: int = 300) -> str:
    """A short text of a form, whatever type it was written as."""
    return " ".join(str(told).split())[:most] if isinstance(told, str | int) and not isinstance(told, bool) else ""


def labels_in(told: Any) -> tuple[str, ...]:
    """Labels as a list, or in one line by commas."""
    many = told.split(",") if isinstance(told, str) else told if isinstance(told, list) else []
    found = (words(each, 100) for each in many)
    return tuple(dict.fromkeys(label for label in found if label))[:LABELS_MOST]


def read_markdown(file: str, content: str) -> Template:
    front = _FRONT.match(content)
    told = yaml_forms.read(front[1]) if front else {}
    told = told if isinstance(told, dict) else {}
    text = (content[front.end() :] if front else content).strip()
    name = words(told.get("name")) or file.rpartition(".")[0]
    return Template(
        file, name, words(told.get("about")), words(told.get("title")), labels_in(told.get("labels")), (), text
    )


def read_form(file: str, told: Any) -> Template | None:
    """A form: None without fields to fill in."""
    body = told.get("body") if isinstance(told, dict) else None
    if not isinstance(body, list):
        return None
    fields = tuple(
        found for n, each in enumerate(body[:FIELDS_MOST]) if (found := read_field(f"f{n}", each)) is not None
    )
    name = words(told.get("name")) or file.rpartition(".")[0]
    made = Template(
        file, name, words(told.get("description")), words(told.get("title")), labels_in(told.get("labels")), fields
    )
    return made if fields else None


def read_field(id: str, told: Any) -> Field | None:
    """One element; None for the words between the fields."""
    if not isinstance(told, dict) or told.get("type") not in KINDS:
        return None
    about = told.get("attributes")
    about = about if isinstance(about, dict) else {}
    rules = told.get("validations")
    options = about.get("options")
    named: list[str] = []
    for each in options[:OPTIONS_MOST] if isinstance(options, list) else ():
        if text := words(each.get("label") if isinstance(each, dict) else each):
            named.append(text)
    kind = str(told["type"])
    if kind in ("dropdown", "checkboxes") and not named:
        return None
    value = about.get("value")
    default = about.get("default")
    if kind == "dropdown":
        value = named[default] if type(default) is int and 0 <= default < len(named) else ""
    return Field(
        id,
        kind,
        words(about.get("label")) or _("Without a name"),
        words(about.get("description"), 600),
        str(value)[:ANSWER_MOST] if isinstance(value, str | int) and not isinstance(value, bool) else "",
        tuple(dict.fromkeys(named)),
        many=kind == "checkboxes" or about.get("multiple") is True,
        required=isinstance(rules, dict) and rules.get("required") is True,
        render=words(about.get("render"), 30),
    )


def filled(template: Template, text: str, surroundings: Sequence[str]) -> dict[str, str]:
    """What the fields hold at first: the thread's text in the first long one, what is known of versions where a field
    asks for such."""
    values = {field.id: field.value for field in template.fields}
    if surroundings:
        for field in template.fields:
            if field.kind in ("input", "textarea") and not field.value and _SURROUNDINGS.search(field.label):
                fits = [line for line in surroundings if of_field(field.label, line)] or list(surroundings)
                values[field.id] = (
                    fits[0].partition(":")[2].strip() or fits[0] if field.kind == "input" else "\n".join(fits)
                )
    long = [f for f in template.fields if f.kind == "textarea" and values[f.id] == f.value and not f.render]
    if long:
        values[long[0].id] = text
    return values


def of_field(label: str, line: str) -> bool:
    """Whether a line such as `OS: Debian 12` tells what a field of this label asks for."""
    key = line.partition(":")[0].casefold()
    asked = set(re.findall(r"\w+", label.casefold()))
    return ":" in line and bool(asked & set(re.findall(r"\w+", key)))


def faults_of(template: Template, answers: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What keeps the answers from being a filled form, by field."""
    faults = {}
    for field in template.fields:
        given = [each for each in answers.get(field.id, ()) if each.strip()]
        if field.options and any(each not in field.options for each in given):
            faults[field.id] = _("Choose one of these.")
        elif field.required and not given:
            faults[field.id] = _("Fill this in.")
        elif any(len(each) > ANSWER_MOST for each in given):
            faults[field.id] = _("At most %(limit)d characters; these are %(n)d.") % {
                "limit": ANSWER_MOST,
                "n": max(map(len, given)),
            }
    return faults


def composed(template: Template | None, answers: Mapping[str, Sequence[str]], text: str) -> str:
    """The text of the issue: each field under its heading, as GitHub writes it, then what was written beside them."""
    if template is None or not template.is_form:
        return text.strip()
    parts = [f"### {field.label}\n\n{answer_of(field, answers.get(field.id, ()))}" for field in template.fields]
    if text.strip():
        parts.append(text.strip())
    return "\n\n".join(parts)


def answer_of(field: Field, given: Sequence[str]) -> str:
    if field.kind == "checkboxes":
        return "\n".join(f"- [{'X' if option in given else ' '}] {option}" for option in field.options)
    text = ", ".join(given) if field.options else "\n".join(given).strip()
    if not text:
        return NOTHING
    if field.render:
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`{3,}", text)), default=2))
        return f"{fence}{field.render}\n{text}\n{fence}"
    return text
