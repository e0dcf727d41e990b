"""The tables of the search index and of what is kept outside; triggers fill them (migrations 0006 and 0021)."""

from piccolo.columns import UUID, BigInt, BigSerial, Boolean, ForeignKey, Text, Timestamptz
from piccolo.table import Table

from forum.database.engine import engine
from forum.threads.tables import Post, Thread


class TSVector(Text):
    """PostgreSQL's words of a text with their places."""

    @property
    def column_type(self) -> str:
        return "TSVECTOR"


class SearchThread(Table, tablename="search_thread", db=engine):
    thread_id = ForeignKey(Thread, primary_key=True, null=False)
    project_id = BigInt()
    title = Text()
    title_words = TSVector()
    words = TSVector()


class SearchPost(Table, tablename="search_post", db=engine):
    post_id = ForeignKey(Post, primary_key=True, null=False)
    thread_id = BigInt()
    project_id = BigInt()
    is_whisper = Boolean()
    words = TSVector()


class SearchOutside(Table, tablename="search_outside", db=engine):
    is_one = Boolean(primary_key=True)
    is_kept = Boolean()
    uid = Text()
    built_at = Timestamptz(null=True)
    keeper = UUID(null=True)
    keeper_until = Timestamptz()
    builder = UUID(null=True)
    builder_until = Timestamptz()


class SearchChange(Table, tablename="search_change", db=engine):
    id = BigSerial(primary_key=True)
    thread_id = BigInt()
    post_id = BigInt(null=True)
    in_index = Boolean()
    in_next = Boolean()
    noted_at = Timestamptz()
