"""Discourse's API: which handler answers at which of its paths (docs/api.md says what is different here)."""

from starlette.responses import Response

from forum.api import browse, topics, writes
from forum.threads.pages import asked_id
from forum.web.errors import NotFound
from forum.web.requests import Request
from forum.web.routing import route

# as static/css/components/icon.css has them
HUES = (222, 27, 152, 300, 72, 258, 350, 188)
MOST_PIXELS = 1000


async def letter_avatar(request: Request) -> Response:
    """`/letter_avatar/{hue}/{initials}/{size}.svg`: a round with two letters, where `avatar_template` leads."""
    hue, size = asked_id(request, "hue"), asked_id(request, "size")
    initials: str = request.path_params["initials"]
    if not (1 <= hue <= len(HUES) and 1 <= size <= MOST_PIXELS and len(initials) <= 3 and initials.isprintable()):
        raise NotFound
    letters = "".join(f"&#{ord(letter)};" for letter in initials)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 36 36">'
        f'<circle cx="18" cy="18" r="18" fill="hsl({HUES[hue - 1]} 45% 42%)"/>'
        '<text x="18" y="18.5" fill="#fff" font-family="sans-serif" font-size="14" font-weight="600"'
        f' text-anchor="middle" dominant-baseline="central">{letters}</text></svg>'
    )
    return Response(svg, media_type="image/svg+xml", headers={"cache-control": "public, max-age=31536000, immutable"})


routes = [
    route("/latest.json", browse.latest),
    route("/top.json", browse.top),
    route("/unanswered.json", browse.unanswered),
    route("/tag/{tag}.json", browse.tag),
    route("/categories.json", browse.categories),
    route("/c/{project}.json", browse.project),
    route("/c/{slug}/{id}.json", browse.category),
    route("/c/{parent}/{slug}/{id}.json", browse.category),
    route("/t/{id}.json", topics.topic),
    route("/t/{id}/posts.json", topics.topic_posts),
    route("/t/{slug}/{id}.json", topics.topic),
    route("/posts/{id}.json", topics.post),
    route("/u/{username}.json", topics.user),
    route("/tags.json", browse.tags),
    route("/search.json", browse.find),
    route("/site.json", browse.site),
    route("/posts.json", writes.create_post, access="signed_in", methods=("POST",)),
    route("/posts/{id}.json", writes.update_post, access="signed_in", methods=("PUT",)),
    route("/post_actions.json", writes.act_on_post, access="signed_in", methods=("POST",)),
    route("/t/-/{id}.json", writes.update_topic, access="signed_in", methods=("PUT",)),
    # as Ruby's client calls it
    route("/t/{id}.json", writes.update_topic, access="signed_in", methods=("PUT",)),
    route("/t/{id}/status.json", writes.set_status, access="signed_in", methods=("PUT",)),
    route("/letter_avatar/{hue}/{initials}/{size}.svg", letter_avatar),
]
