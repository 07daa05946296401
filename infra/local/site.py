"""Where does a stack live, and what do its parts know of each other?

A `Site` is one home: its folders, its ports, its secrets, and every address and credential that one part needs of
another. It starts nothing.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from infra.local.ports import LOOPBACK
from infra.local.state import Secrets, State
from infra.local.tools import tool_folder

BUCKETS = ("intake", "originals", "working", "releases")
S3_REGION = "us-east-1"
OWNER = "firsthand:owner"
"""Access key of the account that owns every bucket; on Swift also its canonical id."""
PARTNER = "firsthand:partner"
"""Access key of the account that may read releases and nothing else; on Swift also its canonical id."""
LABELLING = "firsthand:labelling"
"""Access key of the account that Label Studio signs with, which may read clips and nothing else; likewise."""
DATABASES = ("firsthand", "prefect", "labelstudio")
INHERITED = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "SSL_CERT_FILE")
"""What a server may see of the environment of the person who started it: nothing that configures it."""


@dataclass(frozen=True, slots=True)
class Site:
    """One home of a local stack."""

    home: Path
    tools: Path
    project: Path
    state: State
    secrets: Secrets

    @property
    def locks(self) -> Path:
        """Folder of the lock files of the tool environments."""
        return self.project / "infra" / "locks"

    def tool(self, name: str) -> Path:
        """Folder of a tool environment."""
        return tool_folder(name, tools=self.tools, locks=self.locks)

    def log(self, part: str) -> Path:
        """Log file of a part."""
        return self.home / "logs" / f"{part}.log"

    def url(self, port_name: str) -> str:
        """Address of a server on the loopback."""
        return f"http://{LOOPBACK}:{self.state.port(port_name)}"

    def database_url(self, database: str, *, driver: str = "postgresql") -> str:
        """SQLAlchemy address of a database, its password included; each database has a role of its own name."""
        password = self.secrets.of(f"postgres_{database}")
        return f"{driver}://{database}:{password}@{LOOPBACK}:{self.state.port('postgres')}/{database}"

    def environment(self) -> dict[str, str]:
        """The environment with which every server starts; each adds its own settings."""
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return {"PATH": os.defpath, **inherited, "DO_NOT_TRACK": "1", "PYTHONUNBUFFERED": "1"}

    def nothing_outside(self) -> dict[str, str]:
        """Settings that turn every call to another machine into an error at once, whatever the server may think of."""
        nowhere = f"http://{LOOPBACK}:9"
        here = f"{LOOPBACK},localhost,::1"
        proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), nowhere)
        return proxies | {"NO_PROXY": here, "no_proxy": here}
