"""Who can log in to the Label Studio of a local stack? People who do not exist: one administrator, two annotators, an
adjudicator.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """An account of the local stack."""

    role: str
    email: str
    key: str
    """Under this name its secrets are kept."""

    @property
    def password_secret(self) -> str:
        """Name of its password among the secrets."""
        return f"label_studio_{self.key}_password"

    @property
    def token_secret(self) -> str:
        """Name of its API token among the secrets: the administrator's is chosen by us, the others' by the server."""
        return f"label_studio_{self.key}_token"


# `.invalid` never resolves (RFC 2606): no mail can leave.
ADMINISTRATOR = Person("administrator", "admin@firsthand.invalid", "admin")
ANNOTATORS = (
    Person("annotator", "annotator1@firsthand.invalid", "annotator1"),
    Person("annotator", "annotator2@firsthand.invalid", "annotator2"),
)
ADJUDICATOR = Person("adjudicator", "adjudicator@firsthand.invalid", "adjudicator")
SIGNED_UP = (*ANNOTATORS, ADJUDICATOR)
"""Whoever comes in by the sign-up form."""
PEOPLE = (ADMINISTRATOR, *SIGNED_UP)
