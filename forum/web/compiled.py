"""How templates become Python: what Jinja asks anew for each word of a page is settled when a template is compiled."""

from typing import Any

from jinja2 import Environment, Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from forum.database.engine import Row
from forum.web import i18n
from forum.web.assets import Assets
from forum.web.i18n import catalogue
from forum.web.look import draw_icon

# Functions of forum/web/look.py: they want nothing of Jinja's context, so nothing has to find out whether they do.
PLAIN = frozenset(
    ("sprite", "initials", "hue_of", "ago", "full_date", "draw_icon", "draw_avatar", "draw_tile", "draw_time")
)


def shown(value: Any) -> str:
    """A value as a page shows it, escaped unless it is safe; as `escape`, at a fraction of the time."""
    kind = type(value)
    if kind is Markup:
        return value  # type: ignore[no-any-return]
    return str(value) if kind is int else escape(value)


class Settled(NodeTransformer):
    """Puts the words of one language, icons and addresses of assets where a template asks for them by a constant; a page
    has a hundred."""

    def __init__(self, locale: str) -> None:
        self.locale = locale

    def visit_Call(self, call: nodes.Call) -> nodes.Node:
        node = self.generic_visit(call)
        if len(call.args) != 1 or call.kwargs or call.dyn_args or call.dyn_kwargs:
            return node
        asked, arg = call.node, call.args[0]
        value = arg.value if isinstance(arg, nodes.Const) else None
        if isinstance(asked, nodes.Name) and asked.name == "icon":
            # the macro of macros.html, which does nothing else
            if value is not None:
                return nodes.Const(draw_icon(value), lineno=call.lineno)
            return nodes.Call(nodes.Name("draw_icon", "load"), [arg], [], None, None, lineno=call.lineno)
        if value is None:
            return node
        if isinstance(asked, nodes.Name) and asked.name in ("_", "gettext"):
            # as the i18n extension does it: what stands in a template is safe, and %% is a percent sign
            return nodes.Const(Markup(catalogue(self.locale).gettext(value)) % {}, lineno=call.lineno)
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
        is_plain = isinstance(node.node, nodes.Name) and node.node.name in PLAIN
        if not is_plain or node.kwargs or node.dyn_args or node.dyn_kwargs or forward_caller:
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.visit(node.node, frame)
        self.write("(")
        for arg in node.args:
            self.visit(arg, frame)
            self.write(", ")
        self.write(")")


class SiteEnvironment(Environment):
    """An environment for each language, of which the request's own gives the template."""

    code_generator_class = SiteCode
    locale = "en"
    others: dict[str, "SiteEnvironment"]

    def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Template:
        chosen = self.others.get(i18n.current.get(), self)
        return super(SiteEnvironment, chosen).get_template(name, parent, globals)

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
