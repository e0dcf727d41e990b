"""How templates become Python: what Jinja asks anew for each word of a page is settled when a template is compiled."""

from keyword import iskeyword
from typing import Any

from jinja2 import Environment, Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer
from markupsafe import (  # type: ignore[attr-defined]
    Markup,
    _escape_inner,
    escape,
)

from forum.database.engine import Row
from forum.web import i18n
from forum.web.assets import Assets
from forum.web.i18n import catalogue
from forum.web.look import draw_icon

# Functions of forum/web/look.py: they want nothing of Jinja's context, so nothing has to find out whether they do.
PLAIN = frozenset(
    (
        "sprite",
        "initials",
        "hue_of",
        "ago",
        "full_date",
        "draw_icon",
        "draw_avatar",
        "draw_tile",
        "draw_time",
        "draw_title",
    )
)


def shown(value: Any) -> str:
    """A value as a page shows it, escaped unless it is safe; as `escape`, at a fraction of the time."""
    kind = type(value)
    if kind is Markup:
        return value  # type: ignore[no-any-return]
    if kind is str:
        # it is put into the page at once: nobody has to know that it is safe
        return _escape_inner(value)
    return str(value) if kind is int else escape(value)


def said(text: str, /, **values: Any) -> Markup:
    """A translated sentence of the templates' own, which is safe, with values, which are not."""
    return Markup(text % {name: value if type(value) is int else escape(value) for name, value in values.items()})


class Settled(NodeTransformer):
    """Puts the words of one language, icons and addresses of assets where a template asks for them by a constant; a page
    has a hundred."""

    def __init__(self, locale: str) -> None:
        self.locale = locale

    def visit_Call(self, call: nodes.Call) -> nodes.Node:
        node = self.generic_visit(call)
        if len(call.args) != 1 or call.dyn_args or call.dyn_kwargs:
            return node
        asked, arg = call.node, call.args[0]
        value = arg.value if isinstance(arg, nodes.Const) else None
        if value is not None and isinstance(asked, nodes.Name) and asked.name in ("_", "gettext"):
            text = catalogue(self.locale).gettext(value)
            if call.kwargs:
                call.node, call.args = nodes.ImportedName("forum.web.compiled.said"), [nodes.Const(text)]
                return call
            # as the i18n extension does it: what stands in a template is safe, and %% is a percent sign
            return nodes.Const(Markup(text) % {}, lineno=call.lineno)
        if call.kwargs:
            return node
        if isinstance(asked, nodes.Name) and asked.name == "icon":
            # the macro of macros.html, which does nothing else
            if value is not None:
                return nodes.Const(draw_icon(value), lineno=call.lineno)
            return nodes.Call(nodes.Name("draw_icon", "load"), [arg], [], None, None, lineno=call.lineno)
        if value is None:
            return node
        if isinstance(asked, nodes.Getattr) and isinstance(asked.node, nodes.Name) and asked.node.name == "assets":
            return nodes.Const(Assets.current().url(value), lineno=call.lineno)
        return node


class SiteCode(CodeGenerator):
    """Jinja's own code, but for how values are shown and how plain functions are called."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("shown(")

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        is_plain = isinstance(node.node, nodes.ImportedName) or (
            isinstance(node.node, nodes.Name) and node.node.name in PLAIN and not node.kwargs
        )
        # a template may name a value `is`, which Jinja knows how to pass on
        has_words = any(iskeyword(keyword.key) for keyword in node.kwargs)
        if not is_plain or has_words or node.dyn_args or node.dyn_kwargs or forward_caller:
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.visit(node.node, frame)
        self.write("(")
        for arg in node.args:
            self.visit(arg, frame)
            self.write(", ")
        for keyword in node.kwargs:
            self.write(f"{keyword.key}=")
            self.visit(keyword.value, frame)
            self.write(", ")
        self.write(")")


class SiteEnvironment(Environment):
    """An environment for each language, of which the request's own gives the template."""

    code_generator_class = SiteCode
    locale = "en"
    others: dict[str, "SiteEnvironment"]
    ready: dict[str, Template]

    def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Template:
        chosen = self.others.get(i18n.current.get(), self)
        template = chosen.ready.get(name)
        if template is None:
            template = chosen.ready[name] = super(SiteEnvironment, chosen).get_template(name, parent, globals)
        return template

    def make_globals(self, d: Any) -> Any:
        """A plain dict, which each use of a template copies many times faster than Jinja's chain of them."""
        return {**self.globals, **(d or {})}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """As Jinja's; the columns of a row without asking first whether the row has a method of that name."""
        if type(obj) is Row:
            try:
                return obj[attribute]
            except KeyError:
                pass
        return super().getattr(obj, attribute)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree: nodes.Template = Settled(self.locale).visit(super()._parse(source, name, filename))
        return tree

    def _generate(self, source: nodes.Template, name: Any, filename: Any, defer_init: bool = False) -> str:
        # on the first line, so that lines in tracebacks stay right
        return "from forum.web.compiled import shown; " + super()._generate(source, name, filename, defer_init)
