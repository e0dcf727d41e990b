"""Jinja2 with every feature's templates: `threads/page.html` is `page.html` in the folder of threads."""

from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup

from forum.web import i18n, look
from forum.web.compiled import SiteEnvironment
from forum.web.i18n import gettext, ngettext

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("forum", "categories", "reputation", "payouts", "importers", "search")


def template_folders() -> dict[str, Path]:
    """The templates folder of each feature, by the feature's name."""
    return {
        folder.parent.name: folder
        for package in PACKAGES
        for pattern in (("*/templates",) if package == "forum" else ("templates", "*/templates"))
        for folder in sorted((ROOT / package).glob(pattern))
    }


class Missing(StrictUndefined):
    """What a template was not given: false where it is asked for, an error where it is printed or used."""

    def __bool__(self) -> bool:  # type: ignore[override]
        return False


def make_environment() -> SiteEnvironment:
    environment = SiteEnvironment(
        loader=ChoiceLoader(
            [
                FileSystemLoader(ROOT / "forum" / "templates"),
                PrefixLoader({name: FileSystemLoader(path) for name, path in template_folders().items()}),
            ]
        ),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=Missing,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        auto_reload=False,
        cache_size=-1,
    )
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    look.install(environment)
    environment.others, environment.ready = {}, {}
    for locale in i18n.known_locales():
        other = environment.overlay(cache_size=-1)
        other.locale, other.others, other.ready = locale, {}, {}
        environment.others[locale] = other
    return environment


environment = make_environment()


def all_templates() -> list[str]:
    """The names of all templates of pages, as `get_template` takes them."""
    own = [file.name for file in sorted((ROOT / "forum" / "templates").glob("*.html"))]
    folders = template_folders().items()
    return own + [f"{name}/{file.name}" for name, folder in folders for file in sorted(folder.glob("*.html"))]


def render(name: str, **context: Any) -> str:
    """One template with its context, as text."""
    return environment.get_template(name).render(context)


def fragment(name: str, **context: Any) -> Markup:
    """One template, as HTML that another may include as it stands."""
    return Markup(environment.get_template(name).render(context))
