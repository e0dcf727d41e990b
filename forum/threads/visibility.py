"""Who may see what: the one rule, as SQL, that every outlet asks (product.md, "Visibility")."""

# Where `reader` below is NULL, the reader is a guest; it may be a parameter ("$1") or a column ("r.id"), so that
# the same rule answers "what may this reader see" and "which of these readers may see this".


def is_self(author: str, reader: str) -> str:
    """SQL: the person in column `author` is the reader, or a placeholder that the reader has claimed."""
    return f"({author} = {reader} or exists (select 1 from person me where me.id = {author} and me.same_as = {reader}))"


def in_team(thread: str, reader: str) -> str:
    """SQL: the reader belongs to the team of the thread's project."""
    return (
        f"exists (select 1 from project_member m where m.project_id = {thread}.project_id and m.person_id = {reader})"
    )


def visible_thread(thread: str, reader: str) -> str:
    """SQL: the reader may see the row `thread` (an alias of the table thread) at all.

    author: the author alone · public: everybody · members: whoever is signed in · team: the project's team ·
    private: the author, the thread's participants, and the roles that its category names; of a private ticket the
    whole team, unless it stands in a private category; nobody else, admins and moderators included.
    """
    t, r = thread, f"{reader}::bigint"
    return f"""({t}.visibility = 'public' or ({r} is not null and (
        {t}.visibility = 'members'
        or {is_self(f"{t}.author_id", r)}
        or ({t}.visibility = 'team' and {in_team(t, r)})
        or ({t}.visibility = 'private' and (
            exists (select 1 from thread_participant w where w.thread_id = {t}.id and {is_self("w.person_id", r)})
            or exists (select 1 from category c join project_member m on m.project_id = c.project_id
                        where c.id = {t}.category_id and m.person_id = {r} and (m.role = any(c.readers)
                             or ({t}.is_private and c.visibility <> 'private'))))))))"""


def visible_post(post: str, thread: str, reader: str) -> str:
    """SQL: the reader may see the row `post` of a thread that they may see: whispers are the team's alone."""
    return f"(not {post}.is_whisper or {in_team(thread, f'{reader}::bigint')})"


def visible_act(act: str, thread: str, reader: str) -> str:
    """SQL: the reader may see the row `act` (thread_act) of a thread that they may see."""
    return f"(not {act}.team_only or {in_team(thread, f'{reader}::bigint')})"


def last_number(thread: str, reader: str) -> str:
    """SQL: the number of the thread's last post as far as the reader may know: whispers behind it are the team's."""
    return (
        f"case when {thread}.last_public_number is null or {in_team(thread, f'{reader}::bigint')}"
        f" then {thread}.last_number else {thread}.last_public_number end"
    )
