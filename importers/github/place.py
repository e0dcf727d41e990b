"""Where issues of a repository go: the project, the kind of category, the tags, and the names they are known by."""

from dataclasses import dataclass, field

from categories.triage.rules import suggest_kind
from forum.database.engine import execute
from forum.outside.github import WEB
from forum.projects.actions import tag_name
from importers.changes import Texts
from importers.github.people import SOURCE, People
from importers.github.records import Comment, Issue, Reading, Section
from importers.placing import check_free, find_project, take

KINDS = ("support", "bugs", "features")

# Words of labels that say of what kind an issue is; they count before its text (whoever sets labels has read it).
LABEL_KINDS = {
    "bug": "bugs",
    "bugs": "bugs",
    "defect": "bugs",
    "regression": "bugs",
    "enhancement": "features",
    "feature": "features",
    "features": "features",
    "question": "support",
    "questions": "support",
    "support": "support",
}
IDEAS = {"idea", "ideas", "feature", "features", "request", "requests", "proposal", "proposals", "wish", "wishes"}
BUGS = {"bug", "bugs", "issue", "issues", "problem", "problems"}
NEGATIONS = {"not", "no", "non", "never", "without"}


@dataclass
class Place:
    """A repository (OWNER/REPO) in a project, and the category for each kind of public issue. `web`: where people see it."""

    repository: str
    project: int
    slug: str
    categories: dict[str, int]
    # categories by name and by slug, for discussions
    named: dict[str, int] = field(default_factory=dict)
    people: People = field(default_factory=People)
    web: str = WEB

    @property
    def reading(self) -> Reading:
        """How what GitHub tells of it is read."""
        return Reading(self.repository, self.web)

    @property
    def name(self) -> str:
        """The repository's name as foreign ids have it: GitHub does not tell capitals apart."""
        return self.repository.casefold()

    @property
    def text(self) -> Texts:
        """How texts are cooked, and what is said where they change."""
        return Texts(self.slug, has_issues=True, reason="GitHub")

    def thread_id(self, number: int) -> str:
        """The foreign id of an issue."""
        return f"{self.name}#{number}"

    def thread_ids(self, issue: Issue) -> list[str]:
        """All foreign ids of an issue, the one by its number first."""
        node = [f"node:{issue.node_id}"] if issue.node_id else []
        return [self.thread_id(issue.number), *node, *([f"id:{issue.rest_id}"] if issue.rest_id else [])]

    def comment_ids(self, number: int, comment: Comment, nth: int) -> list[str]:
        """What a comment is known by: REST's number, and being the nth of its author and second (archives have no
        more)."""
        by_place = f"{self.thread_id(number)}/comment:{comment.author.login.casefold()}:{comment.made}:{nth}"
        return [comment.key, by_place] if comment.key else [by_place]

    def category_of(self, issue: Issue) -> int:
        """Where an issue goes by its kind, a discussion by the name of its section there."""
        if issue.section is None:
            return self.categories[kind_of(issue)]
        for name in (issue.section.name, issue.section.slug):
            if name.casefold() in self.named:
                return self.named[name.casefold()]
        return self.categories[kind_of_section(issue.section)]


def kind_of(issue: Issue) -> str:
    """The kind of category for an issue: its labels first, then its words. Never `security`: what is public already
    stays public."""
    for label in issue.labels:
        words = "".join(c if c.isalpha() else " " for c in label.casefold()).split()
        if not NEGATIONS.intersection(words):
            for word in words:
                if word in LABEL_KINDS:
                    return LABEL_KINDS[word]
    kind = suggest_kind(issue.title, issue.body).kind
    return "bugs" if kind == "security" else kind


def kind_of_section(section: Section) -> str:
    """The kind of category for discussions whose section no category here is named after: ideas are wishes, what has no
    answer is talk, where there is a place for it (`other`)."""
    words = set("".join(c if c.isalpha() else " " for c in section.name.casefold()).split())
    if words & IDEAS:
        return "features"
    if words & BUGS:
        return "bugs"
    return "support" if section.is_answerable else "other"


def tags_of(issue: Issue) -> list[str]:
    """The names of an issue's tags, sorted."""
    return sorted({name for label in issue.labels if (name := tag_name(label)[:60])})


async def find_place(repository: str, project_slug: str, web: str = WEB) -> Place:
    """The place of a repository, on the GitHub at `web`, in a project. Raises NoPlace: no such project, no open category, taken by another."""
    project, rows = await find_project(project_slug)
    first = {kind: next((r["id"] for r in rows if r["kind"] == kind), rows[0]["id"]) for kind in KINDS}
    # talk goes where questions do, unless there is a place for it
    first["other"] = next((r["id"] for r in rows if r["kind"] == "other"), first["support"])
    named = {name.casefold(): row["id"] for row in reversed(rows) for name in (row["slug"], row["name"])}
    place = Place(repository, project, project_slug.lower(), first, named, People(web), web)
    await check_free(SOURCE, place.name, repository, project)
    return place


async def take_place(place: Place, *, is_private: bool = False) -> None:
    """Remember that the repository stands in this project. The name of a private one is shown to nobody."""
    await take(SOURCE, place.name, place.project)
    if is_private:
        return
    # `#123` in what is written here from now on leads to what was imported
    await execute(
        "update project set repository = $2, version = version + 1 where id = $1 and repository = ''",
        place.project,
        f"{place.web}/{place.repository}",
    )
