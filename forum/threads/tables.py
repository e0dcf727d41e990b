"""The tables of threads and what hangs on them."""

from typing import Any

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    ForeignKey,
    Integer,
    Text,
    Timestamptz,
)
from piccolo.table import Table

from forum.accounts.tables import Person
from forum.database.engine import engine
from forum.projects.tables import Category, Project, Tag


class Thread(Table, tablename="thread", db=engine):
    id = BigSerial(primary_key=True)
    project_id = ForeignKey(Project, null=False)
    category_id = ForeignKey(Category, null=False)
    author_id = ForeignKey(Person, null=False)
    title = Text()
    slug = Text()
    visibility = Text()
    version = BigInt()
    last_number = Integer()
    last_public_number = Integer(null=True)
    reply_count = Integer()
    last_post_at = Timestamptz()
    last_poster_id = ForeignKey(Person, null=False)
    people = Array(base_column=BigInt())
    accepted_number = Integer(null=True)
    is_closed = Boolean()
    is_pinned = Boolean()
    origin = Text()
    origin_url = Text(null=True)
    created_at = Timestamptz()
    bumped_at = Timestamptz()
    client_key = UUID(null=True)
    is_private = Boolean()


class SiteStamp(Table, tablename="site_stamp", db=engine):
    is_one = Boolean(primary_key=True)
    version = BigInt()


class ThreadTag(Table, tablename="thread_tag", db=engine):
    thread_id = ForeignKey(Thread, primary_key=True, null=False)
    tag_id = ForeignKey(Tag, null=False)


class ThreadParticipant(Table, tablename="thread_participant", db=engine):
    thread_id = ForeignKey(Thread, primary_key=True, null=False)
    person_id = ForeignKey(Person, null=False)
    kind = Text()
    since = Timestamptz()


class Post(Table, tablename="post", db=engine):
    id = BigSerial(primary_key=True)
    thread_id = ForeignKey(Thread, null=False)
    number = Integer()
    author_id = ForeignKey(Person, null=False)
    purpose = Text()
    is_whisper = Boolean()
    markdown = Text()
    html = Text()
    cook_version = Integer()
    version = BigInt()
    reply_to = Integer(null=True)
    revision_count = Integer()
    reactions = JSONB()
    origin = Text()
    origin_url = Text(null=True)
    created_at = Timestamptz()
    edited_at = Timestamptz(null=True)
    deleted_at = Timestamptz(null=True)
    client_key = UUID(null=True)
    attribution = JSONB(null=True)
    moved_to: ForeignKey[Any] = ForeignKey("self", null=True)
    by_mail = Boolean()


class PostRevision(Table, tablename="post_revision", db=engine):
    post_id = ForeignKey(Post, primary_key=True, null=False)
    number = Integer()
    editor_id = ForeignKey(Person, null=False)
    markdown = Text()
    title = Text(null=True)
    reason = Text()
    at = Timestamptz()
    attribution = JSONB(null=True)


class Reaction(Table, tablename="reaction", db=engine):
    post_id = ForeignKey(Post, primary_key=True, null=False)
    person_id = ForeignKey(Person, null=False)
    kind = Text()
    at = Timestamptz()
    origin = Text()


class ThreadAct(Table, tablename="thread_act", db=engine):
    id = BigSerial(primary_key=True)
    thread_id = ForeignKey(Thread, null=False)
    kind = Text()
    actor_id = ForeignKey(Person, null=True)
    after_number = Integer()
    version = BigInt()
    team_only = Boolean()
    data = JSONB()
    at = Timestamptz()


class ReadPosition(Table, tablename="read_position", db=engine):
    person_id = ForeignKey(Person, primary_key=True, null=False)
    thread_id = ForeignKey(Thread, null=False)
    number = Integer()
    at = Timestamptz()


class ThreadLevel(Table, tablename="thread_level", db=engine):
    thread_id = ForeignKey(Thread, primary_key=True, null=False)
    person_id = ForeignKey(Person, null=False)
    level = Text()
    at = Timestamptz()


class Draft(Table, tablename="draft", db=engine):
    person_id = ForeignKey(Person, primary_key=True, null=False)
    key = Text()
    title = Text()
    markdown = Text()
    data = JSONB()
    version = BigInt()
    saved_at = Timestamptz()


class Upload(Table, tablename="upload", db=engine):
    id = BigSerial(primary_key=True)
    person_id = ForeignKey(Person, null=False)
    thread_id = ForeignKey(Thread, null=True)
    post_id = ForeignKey(Post, null=True)
    name = Text()
    type = Text()
    size = Integer()
    content = Bytea()
    created_at = Timestamptz()
