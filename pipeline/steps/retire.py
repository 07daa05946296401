"""Let somebody label no more: their account is closed, what they answered stays."""

from collections.abc import Callable
from datetime import datetime

import structlog

from pipeline.adapters.label_studio import LabelStudio
from pipeline.errors import UsageError
from pipeline.records import Database, people
from pipeline.records.people import Person

log = structlog.get_logger()


def retire_annotator(
    annotator: str, *, because: str, labelling: LabelStudio, db: Database, clock: Callable[[], datetime]
) -> Person:
    """Retire somebody, by pseudonym or the beginning of it.

    They get no more clips; the next submit takes what they have not answered off their desk and finds others for it.
    Safe to repeat.

    Raises:
        UsageError: nobody, or more than one person, is called so; or there is no reason of 3 to 500 characters.
        LabelStudioUnavailableError: Label Studio did not answer; they are retired, repeat to close the account.
    """
    if not 3 <= len(because.strip()) <= 500:  # noqa: PLR2004  # as the records have it
        raise UsageError(f"expected a reason of 3 to 500 characters, found {len(because.strip())}")
    with db.begin() as session:
        named = [one for one in people.everybody(session) if _is_called(one.annotator, annotator)]
        if len(named) != 1:
            raise UsageError(f"expected the pseudonym of one person, found {len(named)} for {annotator[:80]!r}")
        if people.retire(session, named[0].annotator, because=because.strip(), at=clock()):
            log.info("annotator_retired", annotator=named[0].annotator)
        retired = next(one for one in people.everybody(session) if one.annotator == named[0].annotator)
    labelling.close_account(retired.label_studio_user_id)
    return retired


def _is_called(annotator: str, text: str) -> bool:
    return bool(text) and (annotator.startswith(text) or annotator.removeprefix("annotator-").startswith(text))
