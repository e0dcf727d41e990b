"""Who lives in the demo community, which projects it has, and what its threads say; everybody in it is invented."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

THREADS = Path(__file__).parent / "threads"

# key in the threads' files → (username, name); those with `demo-` sign in, all others have no password
PEOPLE: dict[str, tuple[str, str]] = (
    {
        "admin": ("demo-admin", "Astrid Lund"),
        "hanna": ("demo-owner", "Hanna Nowak"),
        "ines": ("demo-supporter", "Ines Okafor"),
        "jonas": ("demo-asker", "Jonas Auer"),
    }
    | {
        name.split()[0].lower(): (name.split()[0].lower(), name)
        for name in (
            "Tomasz Wrona",
            "Mei Zhou",
            "Noor Haddad",
            "Priya Raman",
            "Dan Whitfield",
            "Eva Marsh",
            "Kofi Mensah",
            "Aiko Tanaka",
            "Sven Lindqvist",
            "Ole Brekke",
            "Ravi Kulkarni",
            "Sofia Alves",
            "Lena Fischer",
            "Amara Traoré",
            "Yusuf Demir",
            "Elif Kaya",
            "Marek Novotný",
            "Ingrid Solheim",
            "Bao Nguyen",
            "Clara Beaumont",
            "Diego Paz",
            "Femi Adeyemi",
            "Greta Holm",
            "Ian MacRae",
            "Petra Vasile",
            "Tao Lin",
            "Rohan Iyer",
        )
    }
    | {"lucia": ("lucia", "Lucía Ferrer")}
)
SIGN_INS = ("demo-admin", "demo-owner", "demo-supporter", "demo-asker")

# An open-source project that only asks, proven: by whom, its name and website.
ASKS = ("greta", "Tidemark", "https://tidemark.example")

GUIDELINE = (
    "Before you submit, please add:\n\n"
    "- the version ({command}) and your platform,\n"
    "- what you did, what you expected, and what happened instead,\n"
    "- the smallest example that shows it.\n\n"
    "If something is missing we ask for it, and your place in the queue is kept."
)
TERMS = (
    "You ask {entity}. Be kind to whoever answers: most of them do it in their evenings. Asking is free. What you post"
    " in public stays public, so leave out names, keys and addresses."
)


@dataclass(frozen=True)
class DemoProject:
    """One project: its words, its team by key, its configured range of workdays, and the files of its threads."""

    slug: str
    name: str
    tagline: str
    entity: str
    country: str
    command: str
    team: dict[str, str]
    files: tuple[str, ...]
    expected: tuple[int, int] = (7, 10)
    seeks_maintainers: bool = False
    # of the entity, as invoices have it, and where to transfer money to; no such account exists
    address: str = ""
    tax_number: str = ""
    account: str = "IBAN XX00 0000 0000 0000 0000 00 (invented: transfer nothing)"
    tax_rate: int = 0
    # proven by a file there, with a code of conduct and a guideline; "" for not proven
    website: str = ""
    # days that tickets for verified projects count as waiting longer
    head_start: int = 0

    @property
    def owner(self) -> str:
        return next(key for key, role in self.team.items() if role == "owner")


PROJECTS = (
    DemoProject(
        "pelican",
        "Pelican Toolkit",
        "Sensor time series, from one file to many terabytes",
        "Pelican Foundation",
        "DE",
        "`pelican --version`",
        {"hanna": "owner", "tomasz": "maintainer", "mei": "triager", "ines": "supporter"},
        ("pelican-answered", "pelican-waiting", "pelican-other"),
        expected=(2, 3),
        address="Am Sandtorkai 1\n20457 Hamburg",
        tax_number="DE 000 000 000",
        tax_rate=1900,
        website="https://pelican.example",
        head_start=3,
    ),
    DemoProject(
        "ferrite",
        "FerriteDB",
        "An embedded database that replicates",
        "Ferrite Data Cooperative",
        "GH",
        "`ferrite version`",
        {"kofi": "owner", "ines": "triager", "elif": "supporter"},
        ("ferrite",),
        expected=(2, 4),
        address="Liberation Road 12\nAccra",
    ),
    DemoProject(
        "heron",
        "Heron Mail",
        "A list server for clubs, schools and towns",
        "Heron Mail e. V.",
        "NO",
        "`heron about`",
        {"ole": "owner", "noor": "supporter"},
        ("heron",),
        expected=(1, 2),
    ),
    DemoProject(
        "lantern",
        "Lantern UI",
        "Widgets for kiosks and museums",
        "Fischer and Friends",
        "AT",
        "`lantern trace --version`",
        {"lena": "owner", "greta": "supporter"},
        ("lantern",),
        expected=(4, 9),
        seeks_maintainers=True,
    ),
    DemoProject(
        "tern",
        "Tern CLI",
        "Deploys over SSH, and back again",
        "Yusuf Demir",
        "TR",
        "`tern --version`",
        {"yusuf": "owner", "aiko": "triager"},
        ("tern",),
        expected=(1, 1),
    ),
    DemoProject(
        "osprey",
        "Osprey Maps",
        "Maps that need no network",
        "Osprey Maps Association",
        "CZ",
        "what *About* shows",
        {"marek": "owner", "sven": "supporter"},
        ("osprey",),
        expected=(2, 3),
    ),
)

# kept on the server, unfinished: (key of the person, key of the draft, title, text)
DRAFTS = (
    (
        "jonas",
        "new-thread",
        "Is there a calendar of planned releases?",
        "I would like to update between two harvests. Is there a page that says when 3.3 is planned, or",
    ),
)
# the beginning of a reply: (key of the person, title of the thread, text)
REPLY_DRAFTS = (
    (
        "ines",
        "Nightly job writes two footers when it is retried",
        "`append=True` begins a new row group behind the old footer, so a reader finds both. What you want is",
    ),
)
# what the people who sign in have read: everything but every n-th thread, and of every m-th only the first post
READERS = {"jonas": (3, 4), "ines": (5, 3), "hanna": (4, 5)}

STEP = re.compile(r"%% (?P<verb>\w+) (?P<who>\w+) (?P<ago>(?:\d+[dhm])+) ?(?P<rest>.*)")
UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


@dataclass
class Step:
    """One thing somebody did in a thread, `ago` before now. `words` are what stands behind it in its line, `options`
    those of the form key=value; `text` is what was written."""

    verb: str
    who: str
    ago: timedelta
    words: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    text: str = ""

    def people(self, option: str) -> list[str]:
        """The keys of the people that an option lists."""
        return [key for key in self.options.get(option, "").split(",") if key]


def parse_ago(text: str) -> timedelta:
    """`2d4h` as a length of time."""
    return sum((int(n) * UNITS[unit] for n, unit in re.findall(r"(\d+)([dhm])", text)), timedelta())


# what begins a line that is not the going on of the paragraph above it
BLOCK = re.compile(r"\s*(?:[-*>|#]|\d+\.|```|$)")


def unwrap(text: str) -> str:
    """A text whose paragraphs are one line each, as people write: a line end in a post is seen."""
    lines: list[str] = []
    in_code = False
    for line in text.splitlines():
        goes_on = lines and lines[-1].strip() and not BLOCK.match(line) and not in_code
        if goes_on and not lines[-1].startswith(("|", "```")):
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
        if line.startswith("```"):
            in_code = not in_code
    return "\n".join(lines).strip()


def read_threads(name: str) -> Iterator[list[Step]]:
    """The threads of a file, each as its steps; the first asks, and its text begins with the title.

    A line that begins with `%% ` is a step: `%% verb person ago [word | key=value]...`; what follows it is the text.
    Raises ValueError for a line that is none.
    """
    steps: list[Step] = []
    for line in (THREADS / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("%% "):
            steps[-1].text += line + "\n"
            continue
        found = STEP.fullmatch(line)
        if found is None:
            raise ValueError(f"{name}: {line}")
        words = found["rest"].split()
        options = dict(word.split("=", 1) for word in words if "=" in word)
        step = Step(found["verb"], found["who"], parse_ago(found["ago"]), [w for w in words if "=" not in w], options)
        if step.verb == "ask" and steps:
            yield steps
            steps = []
        steps.append(step)
    yield steps
