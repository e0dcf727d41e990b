"""The route to the built assets."""

from starlette.routing import BaseRoute, Mount

from forum.web.assets import Assets


def static_routes() -> list[BaseRoute]:
    """`/static/…`, served out of memory; builds the assets where they are not built yet. Raises AssetsMissing."""
    return [Mount("/static", Assets.current(), name="static")]
