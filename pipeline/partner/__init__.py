"""What a partner installs: pull a release, and check what was pulled.

Nothing here, nor anything it imports, needs Prefect, SQLAlchemy, Postgres, Label Studio or our settings; a test keeps
it so.
"""

from pipeline.partner.gather import Progress
from pipeline.partner.pull import Pulled, pull
from pipeline.partner.receipt import Receipt
from pipeline.partner.source import ReleaseSource, StoreCredentials
from pipeline.partner.verify import Fault, Verified, verify

__all__ = [
    "Fault",
    "Progress",
    "Pulled",
    "Receipt",
    "ReleaseSource",
    "StoreCredentials",
    "Verified",
    "pull",
    "verify",
]
