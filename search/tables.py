"""The tables of the search index; triggers fill them (migration 0006)."""

from piccolo.columns import BigInt, Boolean, ForeignKey, Text
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
