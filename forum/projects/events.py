"""What happens to projects, told to whoever subscribed in `forum/wiring.py`, inside the transaction."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TeamLeft:
    """A person is not of a project's team any more; what the role had opened to them closes with it."""

    project: int
    person: int
