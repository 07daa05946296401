"""Which small pictures of a recording do we look at, instead of the whole ones?

Rendering makes them while the footage is decoded; hashing, comparing and measuring read them. Both sides must mean the
same by them.
"""

from typing import Final

GREY_SIDE_PX: Final = 64
"""PDQ looks at 64 by 64 points; more would only be averaged away."""
GREY_PER_S: Final = 10
"""Dense enough that a moment of a running person's camera is found again in another recording."""

BARS_SIDE_PX: Final = 320
"""For black bars: fine enough that a bar's edge is found to a third of a hundredth."""
BARS_WITHIN_S: Final = 120
"""From the beginning: as far as black bars are looked for, once a second."""
