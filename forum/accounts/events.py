"""What happens to people that others may want to hear of."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class SignedIn:
    """A person signed in, or up. `draft` is what they wrote as a guest and wanted to send: `title`, `body`,
    `project` and `category` (slugs), `private` ("1" for a report that is to stay private), as far as there is any; nothing in it is checked yet. Told inside the transaction."""

    person: int
    draft: Mapping[str, str]
