"""What a partner installs: pull a release, check what was pulled, and find its labels in each variant.

Nothing here, nor anything it imports, needs Prefect, SQLAlchemy, Postgres, Label Studio or our settings; a test keeps
it so.
"""

from pipeline.partner.carrying import CarriedSegment, carry_segments, transforms_of
from pipeline.partner.gather import Progress
from pipeline.partner.pull import Pulled, pull
from pipeline.partner.receipt import Receipt
from pipeline.partner.source import ReleaseSource, StoreCredentials
from pipeline.partner.verify import Fault, Verified, verify

__all__ = [
    "CarriedSegment",
    "Fault",
    "Progress",
    "Pulled",
    "Receipt",
    "ReleaseSource",
    "StoreCredentials",
    "Verified",
    "carry_segments",
    "pull",
    "transforms_of",
    "verify",
]
