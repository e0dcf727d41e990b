"""What an operator does with accounts from the command line."""

from forum.accounts.actions import SignUp, sign_up


async def create_user(name: str, email: str, password: str, admin: bool) -> int:
    """Make a person with the username `name`, confirmed at once, an admin of the site if asked; returns the id.

    Raises Invalid by field, as signing up does.
    """
    return await sign_up(SignUp(name, email, password), confirmed=True, admin=admin)
