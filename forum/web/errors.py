"""What can go wrong for the person in front of the page, each with its HTTP status."""

from collections.abc import Mapping

from forum.web.i18n import _, ngettext


class Problem(Exception):
    """A refusal that is told to the person as it is. `status` is HTTP's; `kind` is stable, for programs."""

    status = 400
    kind = "invalid"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.default())
        self.message = str(self)

    def default(self) -> str:
        return _("That cannot be done.")


class Invalid(Problem):
    """What was sent has faults; `errors` maps a field's name to a sentence."""

    status = 422
    kind = "invalid"

    def __init__(self, errors: Mapping[str, str] | str) -> None:
        self.errors: dict[str, str] = {"": errors} if isinstance(errors, str) else dict(errors)
        super().__init__(" ".join(self.errors.values()))


class SignInFirst(Problem):
    status = 401
    kind = "sign-in"

    def default(self) -> str:
        return _("Sign in first.")


class SignedOut(SignInFirst):
    """The session that made the form is over."""

    def default(self) -> str:
        return _("You are signed out.")


class Forbidden(Problem):
    status = 403
    kind = "forbidden"

    def default(self) -> str:
        return _("You may not do that here.")


class NotFound(Problem):
    status = 404
    kind = "not-found"

    def default(self) -> str:
        return _("There is nothing here, or it is not for you.")


class Conflict(Problem):
    status = 409
    kind = "conflict"


class TooLarge(Problem):
    status = 413
    kind = "too-large"

    def default(self) -> str:
        return _("That is more than fits. Make it shorter.")


class WrongType(Problem):
    status = 415
    kind = "wrong-type"

    def default(self) -> str:
        return _("This kind of body is not understood here.")


class ReadOnly(Problem):
    """Nothing is written for a while: an admin's switch. `retry_after` in seconds: nobody knows, so a guess."""

    status = 503
    kind = "read-only"
    retry_after = 300

    def default(self) -> str:
        return _("This site can only be read for a while. Nothing was changed; what you wrote is kept.")


class TooMany(Problem):
    """Too often; `retry_after` in seconds."""

    status = 429
    kind = "too-many"

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__()

    def default(self) -> str:
        return f"{_('That was too often.')} {wait(self.retry_after)}"


def wait(seconds: int) -> str:
    """A sentence that says how long to wait, in the unit that one would say."""
    if seconds < 60:
        return ngettext("Wait %(n)d second and try again.", "Wait %(n)d seconds and try again.", seconds) % {
            "n": seconds
        }
    n = -(-seconds // 60)
    if n <= 90:
        return ngettext("Wait %(n)d minute and try again.", "Wait %(n)d minutes and try again.", n) % {"n": n}
    n = -(-n // 60)
    return ngettext("Wait %(n)d hour and try again.", "Wait %(n)d hours and try again.", n) % {"n": n}
