"""At which desk was a clip labelled, and may this person answer there?

A desk is a project in Label Studio. Rules kept here:

* Each annotator has a desk of their own, named by their pseudonym: what others answered is not in it, so that people
  who label the same clip are blind to each other. Label Studio's community edition has no roles and hides nothing
  within a project (decision 0024).
* Disputed clips lie on the one desk of adjudication, where every adjudicator may answer and nobody else.
* The shared desk is where clips go as long as nobody is enrolled: everybody answers there.
* An answer that somebody gives at another's desk counts for nothing.
"""

from collections.abc import Collection
from typing import Final, Literal, NewType

Desk = NewType("Desk", str)
"""A pseudonym, or one of the two below."""

SHARED: Final = Desk("")
ADJUDICATION: Final = Desk("adjudication")

Role = Literal["annotator", "adjudicator"]


def desk_of(annotator: str) -> Desk:
    """The desk that is this annotator's own."""
    return Desk(annotator)


def trespass(desk: Desk, who: str, *, adjudicators: Collection[str]) -> str | None:
    """Why an answer that was given at a desk counts for nothing; `None` when it may.

    Args:
        desk: where it was given.
        who: pseudonym of the account that gave it.
        adjudicators: pseudonyms of everybody who is or was an adjudicator.
    """
    if desk in {SHARED, who}:
        return None
    if desk == ADJUDICATION:
        return None if who in adjudicators else f"{who} is no adjudicator: only adjudicators decide disputed clips"
    return f"{who} answered at the desk of {desk}: an answer counts only at the desk of whoever gives it"
