"""Which days a project's team works."""

from categories.support.workdays import MONDAY_TO_FRIDAY, Calendar


async def calendar_of(project: int) -> Calendar:
    """The calendar that a project's workdays are counted by."""
    return MONDAY_TO_FRIDAY
