"""The SQL around Meilisearch: what is known before it is asked, what of its answer is shown, and what it is given."""

from collections.abc import Sequence
from typing import NamedTuple

from forum.threads.queries import PERSON
from forum.threads.visibility import visible_post
from search.interface import MOST_THREADS
from search.query import Query
from search.statements import ASKED, RESULT, Narrowing, Values, conditions, visible

# So many changes may wait to be indexed, and so long (seconds): PostgreSQL finds what is in them. Beyond that the index
# is behind, and PostgreSQL finds everything.
WAITING_MOST = 500
BEHIND = 120
# Of the posts in waiting changes, so many are read.
POSTS_READ = 2000

# Before a search, in one statement: whether the index can be asked, and a query's words as the index has them.
SCOPE = f"""
select o.built_at is not null and o.uid = $1 as is_built, w.waiting, w.waiting > {WAITING_MOST} or w.is_late as is_behind,
       {{words}} as words, {{phrases}} as phrases, {{without}} as without,
       array(select lower(search_plain(t.word)) from unnest($2::text[]) t (word)) as typed,
       array(select x.id from person n join person x on n.id in (x.id, x.same_as)
              where lower(n.username) = any($5) and n.disabled_at is null) as people,
       (select id from project where slug = $6) as project,
       array(select id from person where same_as = $7) as mine
  from search_outside o cross join (
    select count(*) as waiting, coalesce(min(noted_at) < now() - interval '{BEHIND} seconds', false) as is_late
      from (select noted_at from search_change where not in_index order by id limit {WAITING_MOST + 1}) c) w
""".format(
    **{
        name: "array(select search_in_order(to_tsvector('public.haas', search_plain(t.text)))"
        f" from unnest({place}::text[]) t (text))"
        for name, place in {"words": "$2", "phrases": "$3", "without": "$4"}.items()
    }
)

TITLE = """case when exists (select 1 from search_thread z where z.thread_id = p.thread_id
                and ts_match_vq(z.title_words, asked.words)) then 1 else 0 end"""
# What Meilisearch named, asked again of the rows. A document with a change waiting counts for nothing.
NAMED = """
select p.thread_id, case when p.number > 1 then p.id end as post_id, h.score + {title} as score
  from asked cross join unnest({ids}, {scores}) h (id, score) join post p on p.id = h.id
  join thread t on t.id = p.thread_id
 where {visible_where} and not exists (select 1 from search_change c where c.thread_id = p.thread_id and not c.in_index
                                  and coalesce(c.post_id, p.id) = p.id)"""
# What waits to be indexed is found by its words in PostgreSQL's own index, which is never behind.
WAITING = """
select p.thread_id, case when p.number > 1 then p.id end as post_id, 0.5 + {title} as score
  from asked cross join (
    select distinct q.id, q.number, q.thread_id, q.author_id, q.deleted_at, q.is_whisper
      from (select thread_id, post_id from search_change where not in_index order by id desc limit {waiting_most}) c
      join post q on q.thread_id = c.thread_id and q.id = coalesce(c.post_id, q.id) limit {posts_read}) p
  join thread t on t.id = p.thread_id
  left join search_thread z on p.number = 1 and z.thread_id = t.id
  left join search_post s on p.number > 1 and s.post_id = p.id
 where {visible_where} and (ts_match_vq(coalesce(z.words, s.words), asked.words){alike}) and {phrase}"""
# As nearly right as in migration 0006.
ALIKE = " or word_similarity(asked.line, z.title) > 0.45"
PHRASE = "ts_match_vq(coalesce(z.words, s.words), asked.phrase)"


class Hit(NamedTuple):
    """A post that Meilisearch named, and how well it fits (0 to 1, more for titles)."""

    post: int
    score: float


def shown_statement(
    reader: int | None,
    query: Query,
    narrowing: Narrowing,
    hits: Sequence[Hit],
    *,
    is_waiting: bool,
    loose: bool,
    limit: int,
    offset: int = 0,
) -> tuple[str, list[object]]:
    """The statement that makes threads of what was named, and its values: rights, filters and texts are the rows'."""
    values = Values([reader])
    asked = ASKED.format(
        words=values.place(list(query.words), "text[]"),
        begun=values.place(loose, "boolean"),
        phrases=values.place(list(query.phrases), "text[]"),
        without=values.place(list(query.without), "text[]"),
        line=values.place(" ".join(query.words), "text"),
        people=values.place(list(query.people), "text[]"),
    )
    where = [
        visible("$1"),
        f"(p.number = 1 or p.deleted_at is null and {visible_post('p', 't', '$1')})",
        *(condition.replace("PROJECT", "t.project_id") for condition in conditions(query, narrowing, values)),
    ]
    if query.people:
        where.append("case when p.number = 1 then t.author_id else p.author_id end = any(asked.people)")
    if query.without:
        where.append(
            "not exists (select 1 from search_post n where n.post_id = p.id and ts_match_vq(n.words, asked.never))"
        )
    parts = {"visible_where": " and ".join(where), "title": TITLE}
    found = NAMED.format(
        ids=values.place([hit.post for hit in hits], "bigint[]"),
        scores=values.place([hit.score for hit in hits], "float8[]"),
        **parts,
    )
    if is_waiting:
        parts["alike"] = ALIKE if loose else ""
        parts["phrase"] = PHRASE if query.phrases else "true"
        found += " union all " + WAITING.format(waiting_most=WAITING_MOST, posts_read=POSTS_READ, **parts)
    result = RESULT.format(
        most=MOST_THREADS,
        limit=values.place(limit, "bigint"),
        offset=values.place(offset, "bigint"),
        visible_post=visible_post("p", "t", "$1"),
        person=PERSON.format(w="w", a="a", author="coalesce(q.author_id, t.author_id)"),
    )
    return f"with {asked},\nfound as ({found}){result}", values.all


# --- what the index holds ------------------------------------------------------------------------------------------

# No texts: stems in their order, what narrows a search, and who may read. Drafts and deleted replies are not in it; of
# a deleted question its title alone.
DOCUMENTS = """
select p.id, p.thread_id as thread, t.project_id as project,
       case when p.number = 1 then t.author_id else p.author_id end as author, p.is_whisper as whisper,
       case when t.accepted_number is not null then 'solved' when t.is_closed then 'closed' else 'open' end as state,
       case t.visibility when 'public' then array['all'] when 'members' then array['members']
            when 'team' then array['t' || t.project_id, 'p' || t.author_id]
            else array['p' || t.author_id]
                 || array(select 'p' || w.person_id from thread_participant w where w.thread_id = t.id)
                 || array(select 'r' || c.project_id || '-' || r from category c, unnest(c.readers) r
                           where c.id = t.category_id)
                 || array(select 't' || c.project_id from category c
                           where c.id = t.category_id and t.is_private and c.visibility <> 'private') end as readers,
       array(select g.name from thread_tag tt join tag g on g.id = tt.tag_id where tt.thread_id = t.id) as tags,
       extract(epoch from p.created_at)::bigint as at,
       case when p.number = 1 then lower(search_plain(t.title)) || ' ' || search_in_order(search_words(t.title))
            else '' end as title,
       search_in_order(case when p.number > 1 then coalesce(s.words, search_words(p.markdown))
            else coalesce(z.words, search_words(t.title)) end) as words
  from post p join thread t on t.id = p.thread_id
  left join search_thread z on p.number = 1 and z.thread_id = t.id
  left join search_post s on p.number > 1 and s.post_id = p.id
 where {which} and t.visibility <> 'author' and (p.number = 1 or p.deleted_at is null)
 order by p.id
"""
DOCUMENTS_OF = DOCUMENTS.replace("{which}", "p.id = any($1::bigint[])")
DOCUMENTS_BETWEEN = DOCUMENTS.replace("{which}", "p.id between $1 and $2")
# The posts in some changes: those named, and all of the threads that changed as a whole.
POSTS_OF_CHANGES = """
select post_id as id from search_change where id = any($1::bigint[]) and post_id is not null
union select p.id from search_change c join post p on p.thread_id = c.thread_id
       where c.id = any($1::bigint[]) and c.post_id is null
order by 1
"""
