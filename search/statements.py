"""The SQL of the PostgreSQL search: every source of candidates asks visibility itself, and gives its newest alone."""

from dataclasses import dataclass, field

from forum.threads.queries import PERSON
from forum.threads.visibility import visible_post, visible_thread
from search.interface import MOST_THREADS
from search.query import Query

# Candidates of each source that are ranked; and those that are read for words that must follow each other.
RANKED = 300
READ = 2000
# The newest part of the index, for words that go on: all their endings are gathered before anything is looked at.
BEGUN_SLICES = 8
# Newest threads that are gathered for each word of a question: with it in the title, in the text.
ALIKE_TITLES = 400
ALIKE_TEXTS = 250
# Posts of one person that are read.
OWN = 5000


@dataclass(frozen=True)
class Narrowing:
    """What narrows a search beside the query's words: a project's id, a tag, solved or open."""

    project: int | None = None
    tag: str | None = None
    solved: bool | None = None


@dataclass
class Values:
    """The values of a statement in the making, in their order; the first is the reader."""

    all: list[object] = field(default_factory=list)

    def place(self, value: object, kind: str) -> str:
        """What stands for `value` in the SQL, as PostgreSQL's type `kind`."""
        self.all.append(value)
        return f"${len(self.all)}::{kind}"


# Slices of the index, newest first, one after the other: the outer limit stops them, so that a common word costs as
# little as a rare one. What is limited is what this reader may see, never what is there.
SLICED = """
select s.thread_id, {post} as post_id, {score} as score
  from asked cross join generate_series({newest}, 0, -1) as slice cross join lateral (
    select s.* from {table} s join thread t on t.id = s.thread_id
     where s.{key} / 4096 = slice and s.{words} @@ asked.words and {visible_where} limit {read}) as s
 where {phrase} limit {ranked}"""
AT_ONCE = """
select s.thread_id, {post} as post_id, {score} as score
  from asked cross join lateral (
    select s.* from {table} s join thread t on t.id = s.thread_id
     where s.{key} / 4096 > {newest} - {slices} and s.{words} @@ asked.words and {visible_where}
     order by s.{key} desc limit {read}) as s
 where {phrase} limit {ranked}"""
OF_PEOPLE = """
select s.thread_id, s.post_id, {score} as score
  from asked cross join lateral (
    select s.* from (select id from post where author_id = any(asked.people) order by id desc limit {own}) mine
      join search_post s on s.post_id = mine.id join thread t on t.id = s.thread_id
     where ts_match_vq(s.words, asked.words) and {visible_where}) as s
 where {phrase} limit {ranked}"""
ALIKE = """
select l.thread_id, null::bigint as post_id, l.likeness / 2 as score
  from asked cross join search_like(asked.line) l join thread t on t.id = l.thread_id
 where {visible_where} order by l.likeness desc limit 100"""
NEWEST = """
select t.id as thread_id, null::bigint as post_id, 0::real as score from asked cross join thread t
 where {visible_where} order by t.id desc limit {ranked}"""
NEWEST_OF_PEOPLE = """
select t.id as thread_id, case when s.number > 1 then s.id end as post_id, 0::real as score
  from asked cross join lateral (
    select * from post where author_id = any(asked.people) order by id desc limit {own}) s
  join thread t on t.id = s.thread_id
 where s.deleted_at is null and {visible_where} limit {ranked}"""

ASKED = """
asked as materialized (
    select search_query({words}, {begun}) as words, search_phrase({phrases}) as phrase,
           search_phrase({without}, true) as never, search_fold({line}) as line,
           array(select x.id from person n join person x on n.id in (x.id, x.same_as)
                  where lower(n.username) = any({people}) and n.disabled_at is null) as people)"""

RESULT = """
, grouped as (
    select thread_id, (array_agg(post_id order by score desc))[1] as post_id,
           max(score) + 0.2 * (sum(score) - max(score)) as score
      from found group by thread_id),
ranked as (
    select g.thread_id, g.post_id, least(count(*) over (), {most}) as total, t.last_post_at as at,
           g.score * (case when t.accepted_number is null then 1 else 1.1 end)
           * (0.75 + 0.25 / (1 + greatest(0, extract(epoch from now() - t.last_post_at)) / 31557600)) as score
      from grouped g join thread t on t.id = g.thread_id),
shown as (select * from ranked order by score desc, at desc, thread_id desc limit {limit} offset {offset})
select h.total, (select words::text from asked) as asked, t.id, t.title, t.slug, t.visibility, t.reply_count,
       t.accepted_number, t.is_closed, t.project_id, j.slug as project_slug, j.name as project_name,
       c.slug as category_slug, c.name as category_name, coalesce(q.number, 1) as number, coalesce(q.html, '') as html,
       coalesce(q.created_at, t.created_at) as at, a.username, coalesce(nullif(a.name, ''), a.username) as author,
       array(select g.name from thread_tag tt join tag g on g.id = tt.tag_id where tt.thread_id = t.id order by 1)
           as tags
  from shown h join thread t on t.id = h.thread_id join project j on j.id = t.project_id
  join category c on c.id = t.category_id
  left join lateral (
      select p.number, p.html, p.created_at, p.author_id from post p
       where p.id = h.post_id and p.deleted_at is null and {visible_post}
      union all
      select p.number, p.html, p.created_at, p.author_id from post p
       where h.post_id is null and p.thread_id = t.id and p.number = 1 and p.deleted_at is null and {visible_post}
      ) q on true
  {person}
 order by h.score desc, h.at desc, t.id desc
"""

# The accepted answer of each thread that is about the same; the weights of words come from what this reader may see.
SIMILAR = """
with words as materialized (
    select n, weight, search_query(array[word]) as q from unnest({words}, {weights}) with ordinality u (word, weight, n)),
met as (
    select w.n, w.weight * 2 as weight, s.thread_id, true as is_title
      from words w cross join lateral (
        select s.thread_id from generate_series({newest}, 0, -1) as slice cross join lateral (
            select s.thread_id from search_thread s join thread t on t.id = s.thread_id
             where s.thread_id / 4096 = slice and s.title_words @@ w.q and {visible_where} limit {title_most}) s
         limit {title_most}) s
    union all
    select w.n, w.weight, s.thread_id, false
      from words w cross join lateral (
        select s.thread_id from generate_series({newest}, 0, -1) as slice cross join lateral (
            select s.thread_id from search_thread s join thread t on t.id = s.thread_id
             where s.thread_id / 4096 = slice and s.words @@ w.q and {visible_where} limit {body_most}) s
         limit {body_most}) s),
counted as (
    select *, count(*) over (partition by n, is_title) as df from met),
told as (
    -- a word that stands everywhere tells nothing, unless it stands in the title
    select thread_id, n, max(weight * ln(20000.0 / df)) as weight from counted
     where is_title or df < {body_most} group by thread_id, n),
scored as (
    select thread_id, sum(weight) as score from told group by thread_id
    having count(*) >= least(2, (select count(*) from words)) order by score desc, thread_id desc limit {limit})
select t.id, t.title, t.slug, t.project_id, j.name as project_name, t.reply_count, t.bumped_at, t.accepted_number,
       s.score + 6 * similarity(search_fold(t.title), search_fold({title})) as score, p.html,
       coalesce(nullif(a.name, ''), a.username, '') as solver,
       coalesce((select max(e.at) from thread_act e where e.thread_id = t.id and e.kind = 'accept'), p.created_at)
           as solved_at
  from scored s join thread t on t.id = s.thread_id join project j on j.id = t.project_id
  left join post p on p.thread_id = t.id and p.number = t.accepted_number and p.deleted_at is null and {visible_post}
  left join person w on w.id = p.author_id
  left join person a on a.id = coalesce(w.same_as, w.id)
 order by score desc, t.id desc
"""

NEWEST_THREAD_SLICE = "coalesce((select max(thread_id) / 4096 from search_thread), -1)"
NEWEST_POST_SLICE = "coalesce((select max(post_id) / 4096 from search_post), -1)"

# Names that hold every word, the one that is written so first. $2 is the longest word's pattern, for the trigrams.
PEOPLE = """
select p.id, p.username, coalesce(nullif(p.name, ''), p.username) as name from person p
 where p.disabled_at is null and p.same_as is null and (lower(p.username) = any($1)
       or search_fold(p.username || ' ' || p.name) like search_fold($2)
          and search_fold(p.username || ' ' || p.name) like all (array(select search_fold(w) from unnest($3::text[]) w)))
 order by lower(p.username) = any($1) desc, p.kind = 'local' desc,
          similarity(search_fold(p.username || ' ' || p.name), $4) desc, p.id limit $5
"""


def visible(reader: str) -> str:
    """SQL: a thread `t` that this reader may find. Drafts are on nobody's list but their author's own."""
    return f"t.visibility <> 'author' and {visible_thread('t', reader)}"


def find_statement(
    reader: int | None,
    query: Query,
    narrowing: Narrowing,
    *,
    loose: bool = False,
    titles_only: bool = False,
    limit: int,
    offset: int = 0,
) -> tuple[str, list[object]]:
    """The statement that finds threads, and its values.

    `loose`: words may go on, and titles written almost so count. `titles_only`: nothing but titles is looked at.
    """
    values = Values([reader])
    asked = ASKED.format(
        words=values.place(list(query.words), "text[]"),
        begun=values.place(loose, "boolean"),
        phrases=values.place(list(query.phrases), "text[]"),
        without=values.place(list(query.without), "text[]"),
        line=values.place(" ".join(query.words), "text"),
        people=values.place(list(query.people), "text[]"),
    )
    where = [visible("$1"), *conditions(query, narrowing, values)]
    found = sources(query, " and ".join(where), loose=loose, titles_only=titles_only)
    result = RESULT.format(
        most=MOST_THREADS,
        limit=values.place(limit, "bigint"),
        offset=values.place(offset, "bigint"),
        visible_post=visible_post("p", "t", "$1"),
        person=PERSON.format(w="w", a="a", author="coalesce(q.author_id, t.author_id)"),
    )
    return f"with {asked},\nfound as ({' union all '.join(f'({s})' for s in found)}){result}", values.all


def conditions(query: Query, narrowing: Narrowing, values: Values) -> list[str]:
    """What threads must be beside visible. PROJECT stands for the column that the source's index knows."""
    made = []
    for slug in query.projects:
        made.append(f"PROJECT = (select id from project where slug = {values.place(slug, 'text')})")
    if narrowing.project is not None:
        made.append(f"PROJECT = {values.place(narrowing.project, 'bigint')}")
    for tag in [*query.tags, *([narrowing.tag] if narrowing.tag else [])]:
        made.append(
            "exists (select 1 from thread_tag tt join tag g on g.id = tt.tag_id"
            f" where tt.thread_id = t.id and g.name = {values.place(tag, 'text')})"
        )
    for solved in {query.solved, narrowing.solved} - {None}:
        made.append("t.accepted_number is not null" if solved else "t.accepted_number is null and not t.is_closed")
    if query.without:
        made.append(
            "not exists (select 1 from search_thread z where z.thread_id = t.id and ts_match_vq(z.words, asked.never))"
        )
    return made


def sources(query: Query, where: str, *, loose: bool, titles_only: bool) -> list[str]:
    """Where candidates come from: titles, questions, replies, titles alike; without words the newest of all."""
    of_row, of_thread = where.replace("PROJECT", "s.project_id"), where.replace("PROJECT", "t.project_id")
    shown_post = visible_post("s", "t", "$1")
    if not query.words:
        if query.people:
            sql = NEWEST_OF_PEOPLE.format(visible_where=f"{shown_post} and {of_thread}", own=OWN, ranked=RANKED)
        else:
            sql = NEWEST.format(visible_where=of_thread, ranked=RANKED)
        return [sql]
    of_thread_row = of_row + (" and t.author_id = any(asked.people)" if query.people else "")
    of_post_row = f"{shown_post} and {of_row}"
    if query.without:
        of_post_row += " and not ts_match_vq(s.words, asked.never)"

    def walk(table: str, words: str, key: str, post: str, score: str, narrow: str, newest: str) -> str:
        return (AT_ONCE if loose else SLICED).format(
            table=table,
            words=words,
            key=key,
            post=post,
            score=score,
            visible_where=narrow,
            newest=newest,
            slices=BEGUN_SLICES,
            read=READ if query.phrases else RANKED,
            ranked=RANKED,
            phrase=f"ts_match_vq(s.{words}, asked.phrase)" if query.phrases else "true",
        )

    thread = ("search_thread", "thread_id", "null::bigint", of_thread_row, NEWEST_THREAD_SLICE)
    table, key, post, narrow, newest = thread
    made = [walk(table, "title_words", key, post, "1 + ts_rank(s.words, asked.words)", narrow, newest)]
    if loose:
        made.append(
            ALIKE.format(visible_where=of_thread + (" and t.author_id = any(asked.people)" if query.people else ""))
        )
    if titles_only:
        return made
    rank = "4 * ts_rank(s.words, asked.words, 1)"
    made.append(walk(table, "words", key, post, rank, narrow, newest))
    if query.people:
        phrase = "ts_match_vq(s.words, asked.phrase)" if query.phrases else "true"
        made.append(OF_PEOPLE.format(score=rank, visible_where=of_post_row, own=OWN, ranked=RANKED, phrase=phrase))
    else:
        made.append(walk("search_post", "words", "post_id", "s.post_id", rank, of_post_row, NEWEST_POST_SLICE))
    return made


def similar_statement(
    reader: int | None,
    words: list[tuple[str, float]],
    title: str,
    *,
    project: int | None,
    exclude: int | None,
    limit: int,
) -> tuple[str, list[object]]:
    """The statement that finds threads about the same, and its values; `words` as (word, weight)."""
    values = Values([reader])
    where = [visible("$1")]
    if project is not None:
        where.append(f"s.project_id = {values.place(project, 'bigint')}")
    if exclude is not None:
        where.append(f"t.id <> {values.place(exclude, 'bigint')}")
    sql = SIMILAR.format(
        words=values.place([word for word, _ in words], "text[]"),
        weights=values.place([weight for _, weight in words], "float8[]"),
        title=values.place(title, "text"),
        limit=values.place(limit, "bigint"),
        newest=NEWEST_THREAD_SLICE,
        visible_where=" and ".join(where),
        title_most=ALIKE_TITLES,
        body_most=ALIKE_TEXTS,
        visible_post=visible_post("p", "t", "$1"),
    )
    return sql, values.all
