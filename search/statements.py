"""The SQL of the PostgreSQL search: every source of candidates asks visibility itself, and takes its newest alone."""

from functools import lru_cache

from forum.threads.queries import PERSON
from forum.threads.visibility import visible_post, visible_thread
from search.interface import MOST_THREADS
from search.query import Query

# Candidates of each source that are ranked; and those that are read for words that follow each other.
RANKED = 300
READ = 2000
# A newest part of the index for words that go on: PostgreSQL gathers all of their endings before it looks further.
BEGUN_SLICES = 8

# $1 reader, $2 words, $3 words that must not stand there, $4 whether words go on, $5 phrases, then filters' values.
VISIBLE = f"t.visibility <> 'author' and {visible_thread('t', '$1')}"

ASKED = """
asked as materialized (
    select search_query($2, $3, $4) as words, search_query($2, '{}', $4) as shown, search_phrase($5) as phrase,
           coalesce((select max(thread_id) / 4096 from search_thread), -1) as threads,
           coalesce((select max(post_id) / 4096 from search_post), -1) as posts)"""

# One slice after the other, newest first, until there are enough: the limit stops the loop.
SLICED = """
select {columns} from asked cross join generate_series(asked.{newest}, 0, -1) as slice cross join lateral (
    select s.*, t.accepted_number from {table} s join thread t on t.id = s.thread_id {joins}
     where s.{key} / 4096 = slice and s.{words} @@ asked.words and {visible} {filters} limit {read}) as s
 where true {phrase} limit {ranked}"""
# For words that go on: all newest slices at once.
AT_ONCE = """
select {columns} from asked cross join lateral (
    select s.*, t.accepted_number from {table} s join thread t on t.id = s.thread_id {joins}
     where s.{key} / 4096 > asked.{newest} - {slices} and s.{words} @@ asked.words and {visible} {filters}
     order by s.{key} desc limit {read}) as s
 where true {phrase} limit {ranked}"""
# By one person: their newest posts, through the index of posts by author, are read for the words.
BY_AUTHOR = """
select {columns} from asked cross join lateral (
    select s.*, t.accepted_number
      from (select id from post where author_id = any({authors}) order by id desc limit 5000) mine
      join search_post s on s.post_id = mine.id join thread t on t.id = s.thread_id
     where ts_match_vq(s.words, asked.words) and {visible} {filters}) as s
 where true {phrase} limit {ranked}"""
ALIKE = """
select l.thread_id, null::bigint as post_id, l.likeness / 2 as score
  from search_like($6) l join thread t on t.id = l.thread_id
 where {visible} {filters} order by l.likeness desc limit 100"""
# Nothing but filters was asked for: the newest that pass them.
NEWEST = """
select t.id as thread_id, null::bigint as post_id, 0::real as score from thread t
 where {visible} {filters} order by t.id desc limit {ranked}"""
NEWEST_BY_AUTHOR = """
select t.id as thread_id, case when p.number > 1 then p.id end as post_id, 0::real as score
  from (select * from post where author_id = any({authors}) order by id desc limit 1000) p
  join thread t on t.id = p.thread_id
 where p.deleted_at is null and {visible_post} and {visible} {filters} limit {ranked}"""

RESULT = f"""
, grouped as (
    select thread_id, (array_agg(post_id order by score desc))[1] as post_id,
           max(score) + 0.2 * (sum(score) - max(score)) as score
      from found group by thread_id),
ranked as (
    select g.thread_id, g.post_id, count(*) over () as total, t.last_post_at as at,
           g.score * (case when t.accepted_number is null then 1 else 1.1 end)
           * (0.75 + 0.25 / (1 + greatest(0, extract(epoch from now() - t.last_post_at) / 31557600))) as score
      from grouped g join thread t on t.id = g.thread_id),
shown as (select * from ranked order by score desc, at desc, thread_id desc limit $LIMIT offset $OFFSET)
select h.total, (select shown::text from asked) as asked, t.id, t.title, t.slug, t.visibility, t.reply_count,
       t.accepted_number, t.is_closed, t.project_id, j.slug as project_slug, j.name as project_name,
       c.slug as category_slug, c.name as category_name, coalesce(q.number, 1) as number, coalesce(q.html, '') as html,
       coalesce(q.created_at, t.created_at) as at, a.username, a.name,
       array(select g.name from thread_tag tt join tag g on g.id = tt.tag_id where tt.thread_id = t.id order by 1)
           as tags
  from shown h join thread t on t.id = h.thread_id join project j on j.id = t.project_id
  join category c on c.id = t.category_id
  left join lateral (
      select p.number, p.html, p.created_at, p.author_id from post p
       where p.id = h.post_id and p.deleted_at is null and {visible_post("p", "t", "$1")}
      union all
      select p.number, p.html, p.created_at, p.author_id from post p
       where h.post_id is null and p.thread_id = t.id and p.number = 1 and p.deleted_at is null
         and {visible_post("p", "t", "$1")}) q on true
  {PERSON.format(w="w", a="a", author="coalesce(q.author_id, t.author_id)")}
 order by h.score desc, h.at desc, t.id desc
"""

ACCEPTED = "case when s.accepted_number is null then 1 else 1.0 end"


@lru_cache(maxsize=256)
def find_sql(query: Query, *, solved: bool | None, loose: bool, titles_only: bool, in_project: bool, tags: int) -> str:
    """The statement for one shape of query; its values come in the order that `search/postgres.py` gives them.

    `loose`: words may go on, and titles written almost so count. `tags`: how many tags are asked for.
    """
    at = 6
    filters = []
    if loose:
        at += 1
    if query.projects:
        filters.append(f"and PROJECT = (select id from project where slug = ${at})")
        at += 1
    if in_project:
        filters.append(f"and PROJECT = ${at}::bigint")
        at += 1
    for _ in range(tags):
        filters.append(
            "and exists (select 1 from thread_tag tt join tag g on g.id = tt.tag_id"
            f" where tt.thread_id = t.id and g.name = ${at}::text)"
        )
        at += 1
    if solved is not None:
        filters.append(
            "and t.accepted_number is not null" if solved else "and t.accepted_number is null and not t.is_closed"
        )
    authors = ""
    if query.people:
        authors = f"(select array_agg(id) from person where PEOPLE @> array[lower(username)])".replace(
            "PEOPLE", f"${at}::text[]"
        )
        at += 1
    sources = [s for s in sources_of(query, loose, titles_only, " ".join(filters), authors)]
    found = " union all ".join(f"({source})" for source in sources)
    result = RESULT.replace("$LIMIT", f"${at}").replace("$OFFSET", f"${at + 1}")
    return f"with {ASKED},\nfound as ({found}){result}"
