"""Every template of the house becomes Python."""

import pytest

from forum.web.assets import Assets
from forum.web.templates import all_templates, environment

TEMPLATES = all_templates()


def test_there_are_templates_of_every_package() -> None:
    assert len(TEMPLATES) > 60


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_compiles(name: str) -> None:
    assert Assets.current()
    assert environment.get_template(name).name
