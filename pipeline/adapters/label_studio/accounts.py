"""How does somebody get an account of Label Studio, and how is it closed?

By the invitation link and the sign-up form, as people do, after which the link is made void; `POST /api/users/` makes
accounts that cannot log in. Closing takes an account out of the organisation: it can still log in and read the titles
of projects, but no task (1.23: 403), and what it answered stays its own. Deleting it would take the author off every
answer.
"""

from dataclasses import dataclass
from typing import Any, Final

import httpx

from pipeline.adapters.label_studio.connection import Connection
from pipeline.errors import NotPermittedError, UsageError

_SIGN_UP: Final = "/user/signup/"
_LOG_IN: Final = "/user/login/"


@dataclass(frozen=True, slots=True)
class Account:
    """An account that can log in."""

    user_id: int
    takes_password: bool
    """Whether the password that we chose opens it; not so when it was there before and has another."""


def ensure_account(connection: Connection, email: str, password: str) -> Account:
    """See that somebody can log in; as `LabelStudio.ensure_account`."""
    with connection.asking("make an account"):
        if not _enters(connection, _LOG_IN, email, password) and _user_id(connection, email) is None:
            invitation = connection.get("/api/invite", {}, purpose="ask for an invitation")["token"]
            try:
                made = _enters(connection, f"{_SIGN_UP}?token={invitation}", email, password)
            finally:
                # Whoever has the link could come in too.
                connection.post("/api/invite/reset-token", purpose="make the invitation void")
            if not made:
                raise UsageError(
                    f"Label Studio at {connection.url} makes no account for this e-mail address: expected one that is "
                    "valid and not in use"
                )
        user_id = _user_id(connection, email)
        if user_id is None:
            raise NotPermittedError(
                "the account of this e-mail address was closed: somebody who comes back needs another address"
            )
        return Account(user_id, _enters(connection, _LOG_IN, email, password))


def close_account(connection: Connection, user_id: int) -> None:
    """See that an account can do nothing any more; as `LabelStudio.close_account`."""
    organisation = connection.get("/api/organizations/", {}, purpose="find the organisation")[0]["id"]
    connection.delete(
        f"/api/organizations/{organisation}/memberships/{user_id}/", purpose=f"close the account of user {user_id}"
    )


def _user_id(connection: Connection, email: str) -> int | None:
    users: list[dict[str, Any]] = connection.get("/api/users/", {}, purpose="look for an account")
    return next((int(user["id"]) for user in users if str(user["email"]).lower() == email.lower()), None)


def _enters(connection: Connection, path: str, email: str, password: str) -> bool:
    """Send a form as a browser does; whether it was taken."""
    with httpx.Client(base_url=connection.url, timeout=connection.timeout_s) as browser:
        browser.get(path).raise_for_status()
        token = browser.cookies.get("csrftoken", "")
        form = {"csrfmiddlewaretoken": token, "email": email, "password": password}
        answer = browser.post(path, data=form, headers={"Referer": f"{connection.url}{path}"})
    if answer.status_code == httpx.codes.FOUND:
        return True
    answer.raise_for_status()
    return False
