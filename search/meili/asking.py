"""What is asked of Meilisearch: its query texts and filters, out of a query of ours; pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from forum.web.reader import Reader

# Meilisearch reads no more terms of a query; a phrase counts as one. A longer query is PostgreSQL's.
MOST_TERMS = 10
# Who may read a thread, as its documents say it in `readers`.
EVERYBODY, MEMBERS = "all", "members"


@dataclass(frozen=True)
class Stems:
    """A query's words, phrases and what it leaves out, each as stems in a row, the way documents hold them; and the
    words as they were typed (small letters, no accents), of which the last may still go on."""

    words: Sequence[str]
    phrases: Sequence[str] = ()
    without: Sequence[str] = ()
    typed: Sequence[str] = ()


def quoted(stems: str) -> str:
    """A phrase: these words in a row, each exactly so, no typing error and no beginning of a word."""
    return '"' + stems.replace('"', " ") + '"'


def terms(texts: Iterable[str]) -> list[str]:
    """The single words of some texts, each once."""
    return list(dict.fromkeys(word for text in texts for word in text.replace('"', " ").split()))


def strict(asked: Stems) -> str | None:
    """Every word as it stands in the index. None where there is nothing to ask, or too much for one query."""
    return together(asked, [quoted(word) for word in terms(asked.words)])


def loose(asked: Stems) -> str | None:
    """Words that may be written nearly so, the last of which may go on."""
    return together(asked, terms(asked.words))


def typed(asked: Stems) -> str | None:
    """As `loose`, with the words as they were typed: for titles, whose documents hold both."""
    return together(asked, terms(asked.typed))


def together(asked: Stems, words: list[str]) -> str | None:
    """What is left out comes first: behind the last term that is read it would not be."""
    phrases = [quoted(phrase) for phrase in dict.fromkeys(asked.phrases) if phrase]
    if not words or len(words) + len(phrases) > MOST_TERMS:
        return None
    return " ".join([*(f"-{quoted(phrase)}" for phrase in asked.without if phrase), *phrases, *words])


# --- filters -------------------------------------------------------------------------------------------------------

# Tags that need no thought inside a filter's quotes; any other is PostgreSQL's to find.
PLAIN_TAG = re.compile(r"[^\"'\\\x00-\x1f]{1,100}")


@dataclass(frozen=True)
class Narrowed:
    """What documents must be beside readable; `authors` None where anybody will do."""

    project: int | None = None
    tags: Sequence[str] = ()
    solved: bool | None = None
    authors: Sequence[int] | None = None


def tokens(reader: Reader, mine: Sequence[int]) -> list[str]:
    """What opens threads to this reader; `mine` are the placeholders they claimed."""
    if reader.id is None:
        return [EVERYBODY]
    found = [EVERYBODY, MEMBERS, *(f"p{person}" for person in (reader.id, *mine))]
    for project, role in reader.roles.items():
        found += [f"t{project}", f"r{project}-{role}"]
    return found


def one_of(attribute: str, values: Iterable[object]) -> str:
    return f"{attribute} IN [{', '.join(str(value) for value in values)}]"


def filters(reader: Reader, mine: Sequence[int], narrowed: Narrowed) -> str:
    """The filter that keeps to what this reader may see: `visible_thread` and `visible_post` as documents know them."""
    whispers = "whisper = false"
    if reader.roles:
        whispers = f"({whispers} OR {one_of('project', reader.roles)})"
    made = [one_of("readers", (f'"{token}"' for token in tokens(reader, mine))), whispers]
    if narrowed.project is not None:
        made.append(f"project = {narrowed.project}")
    made += [f'tags = "{tag}"' for tag in narrowed.tags]
    if narrowed.solved is not None:
        made.append(f"state = {'solved' if narrowed.solved else 'open'}")
    if narrowed.authors is not None:
        made.append(one_of("author", narrowed.authors))
    return " AND ".join(made)
