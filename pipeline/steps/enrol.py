"""Let somebody label or adjudicate: an account of Label Studio for them, a pseudonym for our records."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from pipeline.adapters.label_studio import LabelStudio
from pipeline.domain.desk import Role
from pipeline.domain.pseudonym import first_password, pseudonym
from pipeline.errors import NotPermittedError
from pipeline.records import Database, people

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What somebody needs to begin. Their e-mail address and password are recorded nowhere."""

    annotator: str
    role: Role
    is_new: bool
    password: str | None
    """`None` when the account was there before and has another, which only its owner knows."""


def enrol_annotator(
    email: str,
    role: Role,
    *,
    labelling: LabelStudio,
    pseudonym_key: bytes,
    db: Database,
    clock: Callable[[], datetime],
) -> Enrolled:
    """Enrol somebody.

    Safe to repeat, also after a kill: the account is found again, and its first password is the same.

    Raises:
        NotPermittedError: they are enrolled in another role, or have retired; nothing was changed.
        UsageError: Label Studio does not take the e-mail address.
        LabelStudioUnavailableError: Label Studio did not answer; an account that was made is found again.
    """
    password = first_password(email, key=pseudonym_key)
    account = labelling.ensure_account(email, password)
    annotator = pseudonym(account.user_id, key=pseudonym_key)
    with db.begin() as session:
        is_new = people.add_person(session, people.Person(annotator, role, account.user_id, clock()))
        known = next(person for person in people.everybody(session) if person.annotator == annotator)
    if known.role != role:
        raise NotPermittedError(
            f"{annotator} is enrolled as {known.role}, found {role}: nobody decides about their own answers, so each "
            "person has one role"
        )
    if not known.is_active:
        raise NotPermittedError(f"{annotator} has retired: somebody who comes back needs another account")
    log.info("annotator_enrolled", annotator=annotator, role=role, new=is_new)
    return Enrolled(annotator, role, is_new, password if account.takes_password else None)
