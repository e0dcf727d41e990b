"""Every template of the house becomes Python."""

import pytest

from forum.web.assets import Assets
from forum.web.templates import ROOT, environment, template_folders

TEMPLATES = [
    *(file.name for file in sorted((ROOT / "forum" / "templates").glob("*.html"))),
    *(f"{name}/{file.name}" for name, folder in template_folders().items() for file in sorted(folder.glob("*.html"))),
]


def test_there_are_templates_of_every_package() -> None:
    assert len(TEMPLATES) > 60


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_compiles(name: str) -> None:
    assert Assets.current()
    assert environment.get_template(name).name
