"""Texts without end for benchmarks: sentences that follow the demo's own threads word by word, cooked in pieces."""

import itertools
import random
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from forum.demo.world import PROJECTS, read_threads
from forum.markup import cook

WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")
CALLS = ("scan", "resample", "collect", "write", "open", "flush", "connect", "merge", "replay", "compact", "render")
THINGS = ("batch", "window", "replica", "tile", "cursor", "ticket", "queue", "segment", "frame", "lease", "digest")
PARAGRAPHS, CODES, LISTS = 900, 200, 120


@dataclass(frozen=True)
class Piece:
    """A block of a post: Markdown, and the same cooked."""

    markdown: str
    html: str


class Writer:
    """Writes titles and posts; the same seed writes the same."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.followers, self.first_words = learn()
        self.paragraphs = [self.cooked(self.paragraph()) for _ in range(PARAGRAPHS)]
        self.codes = [self.cooked(self.code()) for _ in range(CODES)]
        self.lists = [self.cooked(self.list()) for _ in range(LISTS)]

    def cooked(self, markdown: str) -> Piece:
        return Piece(markdown, cook(markdown).html)

    def sentence(self, least: int, most: int) -> str:
        """A line of words, each of which follows the one before somewhere in the demo's texts."""
        word = self.random.choice(self.first_words)
        words = [word]
        for _ in range(self.random.randint(least, most) - 1):
            word = self.random.choice(self.followers.get(word) or self.first_words)
            words.append(word)
        return " ".join(words).capitalize()

    def title(self) -> str:
        """A line for a list of threads; most are unlike every other."""
        thing = f"{self.random.choice(CALLS)}_{self.random.choice(THINGS)}"
        return f"{self.sentence(4, 8)} {thing} {self.random.randint(1, 9999)}"[:150]

    def paragraph(self) -> str:
        return " ".join(self.sentence(8, 18) + "." for _ in range(self.random.randint(2, 5)))

    def code(self) -> str:
        lines = []
        for _ in range(self.random.randint(3, 9)):
            call, thing = self.random.choice(CALLS), self.random.choice(THINGS)
            lines.append(f'{thing} = {call}({thing}, limit={self.random.randint(1, 9999)}, mode="{call}")  # {thing}')
        return "```python\n" + "\n".join(lines) + "\n```"

    def list(self) -> str:
        return "\n".join(f"- {self.sentence(4, 12)}" for _ in range(self.random.randint(3, 6)))

    def post(self) -> Piece:
        """One to three paragraphs, now and then with code or a list between them."""
        choice, chance = self.random.choice, self.random.random
        pieces = [choice(self.paragraphs)]
        if chance() < 0.25:
            pieces.append(choice(self.codes))
        elif chance() < 0.12:
            pieces.append(choice(self.lists))
        while len(pieces) < 4 and chance() < 0.4:
            pieces.append(choice(self.paragraphs))
        return joined(pieces)


def joined(pieces: Sequence[Piece]) -> Piece:
    """Blocks one after the other: cooked together they are what they are cooked one by one."""
    return Piece("\n\n".join(p.markdown for p in pieces), "\n".join(p.html.rstrip("\n") for p in pieces))


def learn() -> tuple[dict[str, list[str]], list[str]]:
    """Which words follow which in the demo's prose (code left out), and which begin a line."""
    followers: dict[str, list[str]] = defaultdict(list)
    first_words = []
    for project in PROJECTS:
        for name in project.files:
            for steps in read_threads(name):
                for step in steps:
                    prose = re.sub(r"```.*?```|`[^`]*`", " ", step.text, flags=re.DOTALL)
                    for line in re.split(r"[.!?:;\n]+", prose):
                        words = [word.lower() for word in WORD.findall(line)]
                        first_words += words[:1]
                        for word, following in itertools.pairwise(words):
                            followers[word].append(following)
    return dict(followers), first_words
