"""Was a suggestion accepted without a look?

What is drawn on a clip beforehand opens as the annotator's own answer. Rules kept here:

* An answer is stamped when it holds exactly what was drawn, at least one event, and took less time than the clip lasts:
  nobody can have seen whether that is right. What was drawn is what we recorded, not what the browser says of it.
* Where the browser told no time nothing can be said, and nothing is.

One such answer says little: a clip may be short and a suggestion right. A share of them says something about a person.
"""

from fractions import Fraction

from pipeline.domain.hint import DrawnBefore, compare
from pipeline.domain.labels import ClipLabels


def is_stamped(drawn: DrawnBefore, answer: ClipLabels, *, lead_time_s: float | None, clip_s: Fraction) -> bool:
    """Whether an answer accepts what was drawn, unchanged, in less time than the clip lasts."""
    return compare(drawn, answer).is_unchanged and lead_time_s is not None and lead_time_s < clip_s
