"""What does Label Studio ring when something was answered, and what must whoever rings know?"""

from dataclasses import dataclass, field
from typing import Final

HEADER: Final = "X-Firsthand-Doorbell"
"""The header in which the secret is told."""


@dataclass(frozen=True, slots=True)
class Doorbell:
    """Where it hangs. Whoever knows the secret can start a reading of answers, and nothing else."""

    url: str
    secret: str = field(repr=False)
