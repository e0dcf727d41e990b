"""The tables of projects, teams, categories, tags, terms and repositories."""

from piccolo.columns import JSONB, Array, BigInt, BigSerial, Boolean, ForeignKey, Integer, Text, Timestamptz
from piccolo.table import Table

from forum.accounts.tables import Person
from forum.database.engine import engine


class LegalEntity(Table, tablename="legal_entity", db=engine):
    id = BigSerial(primary_key=True)
    name = Text()
    address = Text()
    country = Text()
    tax_number = Text()
    created_at = Timestamptz()


class Project(Table, tablename="project", db=engine):
    id = BigSerial(primary_key=True)
    slug = Text()
    name = Text()
    tagline = Text()
    website = Text()
    repository = Text()
    code_of_conduct = Text()
    guideline = Text()
    conduct_found = Text()
    legal_entity_id = ForeignKey(LegalEntity, null=False)
    currency = Text()
    seeks_maintainers = Boolean()
    expected_from = Integer()
    expected_to = Integer()
    version = BigInt()
    created_at = Timestamptz()
    proven_address = Text()
    is_proven = Boolean()
    is_verified = Boolean()


class ProjectMember(Table, tablename="project_member", db=engine):
    project_id = ForeignKey(Project, primary_key=True, null=False)
    person_id = ForeignKey(Person, null=False)
    role = Text()
    since = Timestamptz()
    added_by = ForeignKey(Person, null=True)


class Category(Table, tablename="category", db=engine):
    id = BigSerial(primary_key=True)
    project_id = ForeignKey(Project, null=False)
    slug = Text()
    name = Text()
    kind = Text()
    description = Text()
    visibility = Text()
    readers = Array(base_column=Text())
    position = Integer()
    thread_count = Integer()
    created_at = Timestamptz()


class Tag(Table, tablename="tag", db=engine):
    id = BigSerial(primary_key=True)
    name = Text()
    thread_count = Integer()


class Terms(Table, tablename="terms", db=engine):
    id = BigSerial(primary_key=True)
    project_id = ForeignKey(Project, null=True)
    version = Integer()
    body = Text()
    created_at = Timestamptz()
    kind = Text()
    author_id = ForeignKey(Person, null=True)


class TermsAcceptance(Table, tablename="terms_acceptance", db=engine):
    person_id = ForeignKey(Person, primary_key=True, null=False)
    terms_id = ForeignKey(Terms, null=False)
    at = Timestamptz()


class GithubInstallation(Table, tablename="github_installation", db=engine):
    id = BigInt(primary_key=True)
    account = Text()
    permissions = JSONB()
    is_suspended = Boolean()
    seen_at = Timestamptz()


class GithubRepository(Table, tablename="github_repository", db=engine):
    id = BigInt(primary_key=True)
    name = Text()
    installation_id = ForeignKey(GithubInstallation, null=True)
    project_id = ForeignKey(Project, null=True)
    category_id = ForeignKey(Category, null=True)
    locks_moved = Boolean()
    comments_follow = Boolean()
    offers_labels = Array(base_column=Text())
    offers_by_triage = Boolean()
    bot_text = Text()
    created_at = Timestamptz()
    is_private = Boolean()
    locale = Text()
