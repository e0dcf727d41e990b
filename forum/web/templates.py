"""Jinja2 with every feature's templates: `threads/page.html` is `page.html` in the folder of threads."""

from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined, Template, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from forum.web import i18n, look
from forum.web.i18n import catalogue, gettext, ngettext

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


class Translated(NodeTransformer):
    """Puts the words of one language where a template asks for a text without variables.

    A page asks for a hundred such texts, and asking is what costs: this halves the time a page takes.
    """

    def __init__(self, locale: str) -> None:
        self.locale = locale

    def visit_Call(self, call: nodes.Call) -> nodes.Node:
        node = self.generic_visit(call)
        asks = isinstance(call.node, nodes.Name) and call.node.name in ("_", "gettext") and len(call.args) == 1
        if not asks or call.kwargs or call.dyn_args or call.dyn_kwargs or not isinstance(call.args[0], nodes.Const):
            return node
        # as the i18n extension does it: what stands in a template is safe, and %% is a percent sign
        text = Markup(catalogue(self.locale).gettext(call.args[0].value)) % {}
        return nodes.Const(text, lineno=call.lineno)


class SiteEnvironment(Environment):
    """An environment for each language, of which the request's own gives the template."""

    locale = "en"
    others: dict[str, "SiteEnvironment"]

    def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Template:
        chosen = self.others.get(i18n.current.get(), self)
        return super(SiteEnvironment, chosen).get_template(name, parent, globals)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree: nodes.Template = Translated(self.locale).visit(super()._parse(source, name, filename))
        return tree


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
    environment.others = {}
    for locale in i18n.known_locales():
        other = environment.overlay(cache_size=-1)
        other.locale, other.others = locale, {}
        environment.others[locale] = other
    return environment


environment = make_environment()


def render(name: str, **context: Any) -> str:
    """One template with its context, as text."""
    return environment.get_template(name).render(context)


def fragment(name: str, **context: Any) -> Markup:
    """One template, as HTML that another may include as it stands."""
    return Markup(environment.get_template(name).render(context))
