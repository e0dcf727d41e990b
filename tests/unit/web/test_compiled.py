"""Templates become Python: every one of them, in every language."""

import pytest

from forum.web.templates import make_environment


@pytest.mark.parametrize("name", sorted(make_environment().list_templates(extensions=("html", "txt", "xml"))))
def test_every_template_compiles(name: str) -> None:
    environment = make_environment()
    assert environment.loader is not None
    source, filename, _is_new = environment.loader.get_source(environment, name)
    environment.compile(source, name, filename)


def test_a_sentence_may_have_a_value_named_as_a_word_of_python() -> None:
    template = make_environment().from_string(
        "{% trans is='<b>', was=2 %}It was {{ was }}, and is {{ is }}.{% endtrans %}"
    )
    assert template.render() == "It was 2, and is &lt;b&gt;."
