"""What the tests of importers share."""

from tests.helpers.elsewhere import doors, github, github_process, openid, openid_process

__all__ = ["doors", "github", "github_process", "openid", "openid_process"]
