"""A maintainer has a repository's history brought in and sees how far it is; a bug fills a repository's issue form."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from forum.database.engine import execute
from tests.helpers.browsing import PHONE, Windows, shoot
from tests.helpers.github import issue, rest, user
from tests.helpers.world import World
from tests.standins.github import GitHub
from tests.standins.github_history import History

FORM = """name: Bug report
description: Something does not work as it should
labels: [bug]
title: "[Bug]:"
body:
  - type: input
    attributes:
      label: Version
      description: What the program says to --version.
    validations:
      required: true
  - type: textarea
    attributes:
      label: What happened?
    validations:
      required: true
  - type: dropdown
    attributes:
      label: How often?
      options: [always, sometimes, once]
  - type: checkboxes
    attributes:
      label: Before you send it
      options:
        - label: I looked for it among the open issues
        - label: I use the latest version
"""


@pytest.fixture
async def github() -> AsyncIterator[GitHub]:
    async with GitHub.open() as opened:
        opened.history = History(repository="heron/pond", labels=["bug", "enhancement", "good first issue", "night"])
        opened.history.files = {".github/ISSUE_TEMPLATE/bug.yml": FORM}
        for number in range(1, 60):
            row = rest(issue(number, f"The pump stops at night {number}", labels=[]), "heron/pond", locked=number == 1)
            opened.history.issues.append(row | {"labels": [{"name": "night"}], "milestone": {"title": "v2"}})
        opened.history.reactions = {"1": [(user("coot"), "+1")]}
        yield opened


@pytest.fixture
def more_settings(github: GitHub) -> dict[str, str]:
    return github.app_settings


async def test_the_history_comes_by_a_button(windows: Windows, world: World, github: GitHub) -> None:
    mine = "https://github.com/heron/pond"
    await execute("update project set repository = $1, proven_address = $1", mine)
    owner = await windows.open("/p/pelican/settings/import", world.owner)
    phone = await windows.open("/p/pelican/settings/import", world.owner, viewport=PHONE, color_scheme="dark")
    await shoot(owner, "import-before")
    await owner.get_by_role("button", name="Bring it in").click()
    await expect(owner.locator("#imports")).to_contain_text("Reading comments")
    await execute("update github_import set state = 'running', phase = 'issues', done = 1200, total = 3400")
    await owner.reload()
    await shoot(owner, "import-running")
    await phone.reload()
    await shoot(phone, "import-running-phone")
    await execute("update github_import set phase = 'comments', done = 0, total = null")
    await world.site.jobs()
    # it asks by itself
    await expect(owner.locator("#imports")).to_contain_text("all here", timeout=10_000)
    await shoot(owner, "import-done")
    await owner.goto(f"{windows.url}/p/pelican/issues/1")
    await expect(owner.locator("#promotion")).to_contain_text("v2")
    await shoot(owner, "import-issue")


async def test_a_bug_fills_the_form_of_a_repository(windows: Windows, world: World, github: GitHub) -> None:
    await execute("update project set repository = 'https://github.com/heron/pond'")
    await execute(
        "insert into github_repository (id, name, project_id) values (1, 'heron/lake', $1), (2, 'heron/pond', $1)",
        world.project,
    )
    report = "The pump **stops** at night.\n\n- Version: 2.4.1\n- OS: Debian 12"
    asked = await world.ask("The pump stops at night", category="bugs", markdown=report)
    owner = await windows.open(f"/t/{asked.posted.thread}/promotion", world.owner)
    await owner.get_by_label("Template").select_option(label="Bug report")
    await owner.get_by_role("button", name="Use these").click()
    await expect(owner.get_by_role("textbox", name="Version")).to_have_value("2.4.1")
    await expect(owner.get_by_label("bug", exact=True)).to_be_checked()
    await shoot(owner, "promote-form-fields")
    address = f"/t/{asked.posted.thread}/promotion?template=bug.yml"
    phone = await windows.open(address, world.owner, viewport=PHONE, color_scheme="dark")
    await shoot(phone, "promote-form-fields-phone")
    await owner.get_by_label("How often?").select_option("always")
    await owner.get_by_label("I use the latest version").check()
    await owner.get_by_role("button", name="Make the issue").click()
    await expect(owner.locator("#promotion a")).to_have_text("heron/pond#12")
    [made] = github.made()
    assert made["labels"] == ["bug"] and made["title"] == "[Bug]: The pump stops at night"
    assert "### How often?\n\nalways" in made["body"] and "- [X] I use the latest version" in made["body"]
