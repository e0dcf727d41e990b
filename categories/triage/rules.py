"""Suggests the kind of bucket for a new thread from its words, so that nobody has to choose the right place to ask.

The tables are the whole knowledge: a phrase, and how strongly it speaks for a kind. The suggestion only sorts; a
triager can always move the thread. Only `security` is more than a hint, because such a thread is born private
(security.py).
English first; the nouns that must never be missed are there in some other languages too.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from categories.triage.phrases import WORD, Found, Kind, find_phrases, index_of, word_set
from categories.triage.security import evidence

# Longer texts are cut: the first page says what a post is about, and hostile input must cost nothing.
TITLE_LIMIT = 300
BODY_LIMIT = 4_000

# However long somebody tells, the text cannot outweigh title and form without end.
TEXT_CAP = 10
QUESTION_LENGTH = 200
# Added to the whole weight, so that a single weak word never looks like certainty.
LITTLE = 2
# Ties go to the kind named first: a bug taken for a question is still read by somebody.
ORDER: tuple[Kind, ...] = ("support", "features", "bugs")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What triage believes: the kind, how sure it is (0-100), and what spoke for it.

    Reasons are phrases as the tables hold them, with `title:` before those that count only there, or the name of a
    rule of form in brackets such as `[error raised]`; strongest first, none where nothing matched.
    """

    kind: Kind
    confidence: int
    reasons: tuple[str, ...]


# Phrases are lower case words with one space between them; in a text any punctuation counts as a space.
# The title says what its author wants; the body tells how they came there, so the same words weigh less in it.
TITLE: Mapping[Kind, Mapping[int, str]] = {
    "support": {
        5: """how do i | how can i | how to | how do you | how should i | how do we | what is the best way |
            question about""",
        3: "question | questions | help | need help | is it possible | is there a way | is there any way | way to",
        2: "clarification | best practice | can't figure | confused | understand | trouble | struggling | where can i",
    },
    "bugs": {
        4: "bug | bug report | crash | crashes | crashed | crashing | regression | segfault | segmentation fault",
        3: """broken | fail | fails | failed | failing | failure | does not work | doesn't work | doesnt work |
            not working | stopped working | no longer works | error | errors | exception | raises | throws |
            incorrect | incorrectly | wrong | wrongly | unexpected | unexpectedly | inconsistent |
            inconsistently | corrupt | corrupted | corrupts | hangs | freezes | deadlock | memory leak |
            infinite loop | not compatible | incompatible | conflicts with | mismatch | breaks | leads to""",
        2: """missing | slow | slows | slowdown | stuck | oom | cannot | can't | can not | cant | unable to |
            not supported | invalid | ignores | ignored | loses | lost | duplicated | duplicates | empty |
            strange | weird | takes a long time | leak | leaks | issue | after upgrade | after update | does not |
            doesn't | is not | isn't | not | too early | undefined | nothing | blank | disappears | disappeared |
            vanished | obsolete | typo | overflow | being changed | differently | instead of""",
    },
    "features": {
        5: "feature request | would be nice | please add | proposal | enhancement | rfc",
        4: """add support | support for | add option | ability to | option to | how about | what about | i wish |
            could you add | can you add | please support | re add | re enable | feature idea""",
        3: """feature | should support | suggestion | idea | documentation | please | allow | doc page |
            it possible to add""",
        2: "support | docs | document | optional | improve | better | should have | option",
    },
}

ANYWHERE: Mapping[Kind, Mapping[int, str]] = {
    "support": {
        6: """am i doing something wrong | doing something wrong | what am i doing wrong |
            am i missing something | i have a question | something wrong with my | if i am using | if i'm using |
            am i using""",
        4: """how do i | how can i | how could i | how should i | how would i | how am i supposed |
            is there a way | is there any way | is it possible to | what is the best way | any suggestions |
            anyone has suggestions | has any suggestions | anyone know | anybody know | does anyone |
            i don't understand | i do not understand | don't know how | do not know how | not sure how |
            can someone | can anyone | could someone | could anyone | please help | help me | any help |
            could you explain | could you please | any advice | any idea | any ideas | any pointers |
            how to solve | how to fix | not sure what | what should i do | what can i do | explain why |
            appreciate if someone | how to set up | how to setup | dependency resolver | hear if others""",
        2: """i am new to | i'm new to | newbie | beginner | the guide | this guide | below guide | tutorial |
            i wonder | i am wondering | i'm wondering | thanks in advance | thank you in advance | question |
            questions | not entirely clear | would love to hear | firewall | my environment | my program |
            my script | my setup | virtual environment | below error | error below | i am getting | i'm getting |
            not sure if | not sure whether | i am stuck | i'm stuck | no luck | already read the documentation |
            instructions on""",
        1: """proxy | proxies | pip | conda | colab | vscode | venv | my code | how to | i am trying to |
            i'm trying to | i was wondering | i tried | my guess | my only guess""",
    },
    "bugs": {
        4: "describe the bug | bug report | actual behavior | actual behaviour | actual result | actual output",
        3: """this is a bug | a bug in | considered a bug | generates a bug | regression | stack trace |
            error trace | no longer works | stopped working | used to work | steps to reproduce |
            raises an error | throws an error | returns an error | following error | ci fails | ci is broken |
            does not match the documentation""",
        2: """expected behavior | expected behaviour | expected result | expected output | reproduce | crash |
            crashes | crashed | fails | failed | failing | broken | raises | error | does not work |
            doesn't work | not working | should not | shouldn't | incorrect | wrong result | inconsistent |
            memory leak | downgrade | downgraded | workaround | hangs | is not defined | not defined |
            instead it | it returns | but instead | an error | the error | should be | unexpected | incompatible |
            not compatible | works fine | worked fine | confusing | without any issue | not aligned | old text""",
        1: "bug | exception | errors | expected | slow | stuck | wrong | missing",
    },
    "features": {
        5: "feature request",
        3: """would be nice | would be great | would be useful | would be helpful | would be really helpful |
            would be a useful | would be good | would be better | would be awesome | would be cool | please add |
            please consider | i would like to see | i'd like to see | nice to have | nice to see |
            should be a way | i propose | proposal | this feature | new feature | as proposed | i suggest |
            should consider | could consider | we should | it would save | feature would | would love to see |
            how to improve it | should be removed | could just be removed | i would like to have | can be improved""",
        2: """motivation | your contribution | use case | use cases | enhancement | suggest | suggestion | wish |
            add an option | an option to | option to | ability to | would allow | would be | submit a pr |
            create a pr | open a pr | submit a pull request | happy to contribute | follow up to |
            make it easier | for consistency | could be improved | should allow | better document | request |
            be interested in | interested in | need a way | no way to | really helpful | lean towards | perhaps""",
        1: "add | support | currently | docs | documentation | ideally | option | propose | maybe | useful | allow",
    },
}

# Templates ask everybody to fill in the same headings: they say which form was opened, which is a hint about the kind
# and no more (many who need help open the form for bugs), so they weigh here and not as words of the text.
HEADINGS: Mapping[Kind, Mapping[int, str]] = {
    "support": {4: "question | questions | my question | help needed"},
    "bugs": {
        2: "describe the bug | bug | bug description | bug report | the bug | what happened | what went wrong",
        1: """steps to reproduce | to reproduce | reproduction | how to reproduce | expected behavior |
            expected result | expected behaviour | actual behavior | actual behaviour | actual result |
            current behavior""",
    },
    "features": {
        5: "feature request | feature | feature description | proposal | describe the solution you'd like | suggestion",
        2: "motivation | use case | use cases | alternatives | proposed solution | your contribution | why",
    },
}

# What an imperative at the head of a title asks for: "Add ...", "Remove ...".
ASKING_VERBS = word_set(
    "add allow annotate automate change clarify consider convert define delete deprecate disable document drop "
    "enable enforce expose extend filter format host implement improve include increase introduce let make merge "
    "move optimize prefer prevent provide readd reconsider reduce refactor remove rename reorganize replace "
    "represent restructure revisit rewrite simplify specify split state support switch translate update upgrade use"
)
# After these the same word was no imperative: "Update fails", "Filter does nothing".
NO_OBJECTS = word_set(
    "break breaks broke broken bug button cannot can't crash crashes crashed do does doesn't error errors fail fails "
    "failed failing failure hang hangs has ignore ignores is isn't issue not problem raises returns slow stuck takes "
    "throws"
)
QUESTION_WORDS = word_set(
    "how what why where which who whom whose when is are am can could do does did should shall will would has have any "
    "anyone anybody"
)
# After these the question is a request: "How about ...", "Could you add ...", "Can we have ...".
REQUESTED = word_set("about you we")

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+", re.DOTALL)
_HEADING = re.compile(r"^(?:#{1,6} +(.+)|\*\*([^*\n]+)\*\*:?[ \t\r]*)$", re.MULTILINE)
_RAISED = re.compile(r"^[ >]*[\w.]*(?:Error|Exception)\b:|^Traceback \(most|^panic: ", re.MULTILINE)
_ERROR_NAME = re.compile(
    r"\b[A-Z]\w*(?:Error|Exception|Warning|Invalid)\b|\bErrno\b|\bHTTP [45]\d\d\b|\bSIG[A-Z]{3,}\b"
)
_SENTENCE_END = re.compile(r"[.!:;\n]\s")

_TITLE_INDEX = index_of(TITLE, "title: ")
_HEADINGS = {entry[0]: entry[1:] for entries in index_of(HEADINGS).values() for entry in entries}
_ANYWHERE_INDEX = index_of(ANYWHERE)


def _asks(prose: str) -> str | None:
    """The first word of a question in running text, where it is a word that questions begin with; else None."""
    for before in prose.replace("？", "?").split("?")[:-1]:
        words: list[str] = WORD.findall(_SENTENCE_END.split(before[-QUESTION_LENGTH:])[-1])
        for word in words[:2]:  # the second, for "and how ..."
            if word in QUESTION_WORDS:
                return word
    return None


def _title_form(title: str, words: list[str]) -> Found:
    """What the form of the title says: it asks, it requests, it names an error."""
    found: Found = {}
    first, second = (*words, "", "")[:2]
    if first == "re":  # re-add, re-enable
        first, second = second, ""
    if first in ASKING_VERBS and second not in NO_OBJECTS:
        return {("features", f"title: {first} ..."): 6}
    find_phrases(words, _TITLE_INDEX, found)
    asks = title.rstrip().endswith("?")
    if first in QUESTION_WORDS and second not in REQUESTED:
        found["support", f"title: {first} ..."] = 5 if asks else 3
    elif asks:
        found["support", "[title asks]"] = 1
    if _ERROR_NAME.search(title):
        found["bugs", "[error named in title]"] = 3
    return found


def _wants(title: str, words: list[str]) -> bool:
    """Whether a title asks or requests: "Where can I ...?", "Add ...", "Support for ..."."""
    first, second = (*words, "", "")[:2]
    asks = title.rstrip().endswith("?") and first in QUESTION_WORDS
    return asks or (first, second) == ("how", "to") or (first in ASKING_VERBS and second not in NO_OBJECTS)


def suggest_kind(title: str, body: str) -> Suggestion:
    """Suggest the kind of category for a new thread; pure, never raises, the same answer for the same text.

    Looks at the first TITLE_LIMIT characters of the title and BODY_LIMIT of the Markdown body; code and addresses in
    the body are left out, but that an error was raised counts. Security is asked first, since it decides that the
    thread is born private; otherwise the kind with the largest sum of weights wins, and where nothing speaks at all
    it is `support` with confidence 0: a person reads those first. Confidence is the winner's share of all weights,
    kept low while little was found.
    """
    title, body = title[:TITLE_LIMIT].replace("’", "'"), body[:BODY_LIMIT].replace("’", "'")
    prose = _CODE.sub(" ", body).lower()
    headings = [tuple(WORD.findall(plain or bold)) for plain, bold in _HEADING.findall(prose)]
    prose = _HEADING.sub(" . ", prose)
    title_words = WORD.findall(title.lower())
    words = [*title_words, "", *WORD.findall(prose)]  # the empty word keeps phrases from spanning title and body

    secret = evidence(words, f"{title.lower()} {prose}", f"{title}\n{body}", wants=_wants(title, title_words))
    if secret is not None:
        weight = sum(secret.values())
        return _suggestion("security", secret, weight, weight)

    told: Found = {}
    find_phrases(words, _ANYWHERE_INDEX, told)
    asked = _asks(prose)
    if asked:
        told["support", f"{asked} ...?"] = 3
    if _RAISED.search(body):
        told["bugs", "[error raised]"] = 2
    form = _title_form(title, title_words)
    for heading in headings:
        if heading in _HEADINGS:
            weight, kind, phrase = _HEADINGS[heading]
            form[kind, f"heading: {phrase}"] = weight

    totals: dict[Kind, int] = {}
    for kind in ORDER:
        said = sum(weight for (of, _reason), weight in told.items() if of == kind)
        totals[kind] = min(said, TEXT_CAP) + sum(weight for (of, _reason), weight in form.items() if of == kind)
    found = {**told, **form}
    winner = max(ORDER, key=lambda kind: totals[kind])
    return _suggestion(winner, found, totals[winner], sum(totals.values()))


def _suggestion(kind: Kind, found: Found, weight: int, total: int) -> Suggestion:
    """Put the evidence for `kind` in order, strongest first; `weight` of the `total` weight speaks for it."""
    mine = sorted((-weight, reason) for (of, reason), weight in found.items() if of == kind)
    return Suggestion(kind, round(100 * weight / (total + LITTLE)), tuple(reason for _weight, reason in mine))
