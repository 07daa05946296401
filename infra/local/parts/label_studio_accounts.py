"""How do the people of a local stack get their Label Studio accounts?

The administrator is made by the server at its first start. Annotators come in as people do: by the invitation link,
with the sign-up form, and the link is made void afterwards. (`POST /api/users/` makes accounts that cannot log in.)
Whatever a kill left half made is completed or made anew.
"""

from contextlib import suppress

import httpx

from infra.local.env_files import write_credentials
from infra.local.parts.part import NotAnsweringError, Say
from infra.local.people import ADMINISTRATOR, SIGNED_UP, Person
from infra.local.site import Site

TIMEOUT_S = 60.0
INVITATION_MARK = "label-studio-invitation"


def ensure_accounts(site: Site, say: Say) -> None:
    """Make sure that everybody has an account whose password and token are ours. Safe to repeat.

    Raises:
        NotAnsweringError: The server refused or stopped answering; what was made stays.
    """
    try:
        _ensure_administrator(site)
        for person in SIGNED_UP:
            if not _token_works(site, person):
                say(f"creating the account of {person.key}")
                _ensure_annotator(site, person)
        if INVITATION_MARK not in site.state.marks:
            _as_administrator(site, "POST", "/api/invite/reset-token")
            site.state.mark(INVITATION_MARK, "void")
    except (httpx.HTTPError, ValueError, KeyError) as exc:
        raise NotAnsweringError(f"accounts: {exc}") from exc
    write_credentials(site)


def _ensure_administrator(site: Site) -> None:
    """The server sets our token in a second step after making the account: after a kill in between, take its own."""
    if not _token_works(site, ADMINISTRATOR):
        site.secrets.keep(ADMINISTRATOR.token_secret, _token_by_login(site, ADMINISTRATOR))


def _ensure_annotator(site: Site, person: Person) -> None:
    # From here on the invitation is out.
    site.state.unmark(INVITATION_MARK)
    token = None
    with suppress(NotAnsweringError):
        token = _token_by_login(site, person)
    if token is not None:
        account = _whoami(site, token)
        if account is None or account.get("active_organization") is None:
            # Made, but never let into the organisation.
            if account is not None:
                _as_administrator(site, "DELETE", f"/api/users/{account['id']}/")
            token = None
    if token is None:
        invitation = _as_administrator(site, "GET", "/api/invite").json()["token"]
        token = _token_by_form(site, f"/user/signup/?token={invitation}", person)
    site.secrets.keep(person.token_secret, token)


def _token_works(site: Site, person: Person) -> bool:
    if not site.secrets.knows(person.token_secret):
        return False
    account = _whoami(site, site.secrets.of(person.token_secret))
    return account is not None and account.get("active_organization") is not None


def _whoami(site: Site, token: str) -> dict[str, object] | None:
    answer = httpx.get(
        f"{site.url('label-studio')}/api/current-user/whoami",
        headers={"Authorization": f"Token {token}"},
        timeout=TIMEOUT_S,
    )
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        return None
    answer.raise_for_status()
    found: dict[str, object] = answer.json()
    return found


def _as_administrator(site: Site, method: str, path: str) -> httpx.Response:
    token = site.secrets.of(ADMINISTRATOR.token_secret)
    headers = {"Authorization": f"Token {token}"}
    answer = httpx.request(method, f"{site.url('label-studio')}{path}", headers=headers, timeout=TIMEOUT_S)
    return answer.raise_for_status()


def _token_by_login(site: Site, person: Person) -> str:
    return _token_by_form(site, "/user/login/", person)


def _token_by_form(site: Site, path: str, person: Person) -> str:
    """Send the login or the sign-up form, as a browser does, and ask for the token within that session."""
    with httpx.Client(base_url=site.url("label-studio"), timeout=TIMEOUT_S) as browser:
        browser.get(path).raise_for_status()
        form = {
            "csrfmiddlewaretoken": browser.cookies.get("csrftoken", ""),
            "email": person.email,
            "password": site.secrets.of(person.password_secret),
        }
        answer = browser.post(path, data=form, headers={"Referer": f"{site.url('label-studio')}{path}"})
        if answer.status_code != httpx.codes.FOUND:
            form_name = path.partition("?")[0]
            raise NotAnsweringError(f"expected {form_name} to take {person.key}, it answered {answer.status_code}")
        token = browser.get("/api/current-user/token").raise_for_status().json()["token"]
        return str(token)
