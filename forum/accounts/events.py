"""What happens to people that others may want to hear of."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class SignedIn:
    """A person signed in, or up. `draft` is what they wrote as a guest, or when their session was over, and wanted to send:
    `title`, `body`, `for` (the key of the draft that it is; of a change of a post also `upon`, `tags` and `reason`),
    `project` and `category` (slugs), `private` ("1" for a report that is to stay private), `only_team`, `capacity`, `verbatim`
    and `field-12` (an answer to a form), as far as there is any; nothing in it is checked yet. Told inside the transaction."""

    person: int
    draft: Mapping[str, str]


@dataclass(frozen=True)
class IdentityProven:
    """Somebody showed who they are elsewhere: they signed in or up with it, or added it to their account. `provider` is
    `github` or an issuer, `subject` their unchanging id there. Told inside the transaction, at every sign-in."""

    person: int
    provider: str
    subject: str
    login: str


@dataclass(frozen=True)
class PlaceholderClaimed:
    """What stood under the imported person `placeholder` is `person`'s from now on; reads resolve it by `same_as`.
    Told inside the transaction."""

    placeholder: int
    person: int


@dataclass(frozen=True)
class ClaimTakenBack:
    """An admin found that `placeholder` is not `person` after all. Told inside the transaction."""

    placeholder: int
    person: int
