"""How does Label Studio run here?

In an environment of its own, on our Postgres, listening on the loopback only. Sign-up is closed, and it calls nothing
outside: analytics, error reports, the version check and the feature flags of its maker are off. Its guard against
requests to private networks stays on, opened for the loopback alone, where our object store is.

It is Django's development server: right for one machine, not for production.
"""

import shutil
from typing import ClassVar

import httpx

from infra.local.files import private_folder
from infra.local.parts.databases import renew_database
from infra.local.parts.label_studio_accounts import ensure_accounts
from infra.local.parts.label_studio_schema import ensure_schema
from infra.local.parts.part import NotAnsweringError, Part, Say, command
from infra.local.people import ADMINISTRATOR
from infra.local.ports import LOOPBACK
from infra.local.process import Command
from infra.local.site import Site
from infra.local.tools import ensure_tool

CHECK_TIMEOUT_S = 10.0
BANNED_SUBNETS = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 "
    "192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 233.252.0.0/24 240.0.0.0/4 "
    "255.255.255.255/32 ::/128 ::ffff:0:0/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001:0000::/32 "
    "2001:20::/28 2001:db8::/32 2002::/16 fc00::/7 fe80::/10 ff00::/8"
)
"""Label Studio's own list, without the loopback."""


class LabelStudio(Part):
    """The annotation server, with an administrator, two annotators and an adjudicator."""

    name: ClassVar[str] = "label-studio"
    needs: ClassVar[tuple[str, ...]] = ("postgres",)
    ports: ClassVar[tuple[str, ...]] = ("label-studio",)
    start_within_s: ClassVar[float] = 400.0

    def install(self, site: Site, say: Say) -> None:
        """Install Label Studio in an environment of its own."""
        ensure_tool("label-studio", tools=site.tools, locks=site.locks, say=say)

    def prepare(self, site: Site, say: Say) -> None:
        """Make the data folder and the tables."""
        private_folder(site.home / "label-studio")
        if "label-studio" not in site.state.marks:
            ensure_schema(site, say, environment=_environment(site))

    def commands(self, site: Site) -> tuple[Command, ...]:
        """One server."""
        port = str(site.state.port("label-studio"))
        data = str(site.home / "label-studio")
        serve = ["start", "--no-browser", "--internal-host", LOOPBACK, "--port", port, "--data-dir", data]
        program = str(site.tool("label-studio") / "bin" / "label-studio")
        return (
            command("label-studio", argv=[program, *serve], env=_environment(site), cwd=site.home / "label-studio"),
        )

    def check(self, site: Site) -> None:
        """Ask for its health."""
        try:
            answer = httpx.get(f"{site.url('label-studio')}/health", timeout=CHECK_TIMEOUT_S)
            answer.raise_for_status()
        except httpx.HTTPError as exc:
            raise NotAnsweringError(f"/health: {exc}") from exc

    def furnish(self, site: Site, say: Say) -> None:
        """Make the accounts and write who they are."""
        ensure_accounts(site, say)

    def clear(self, site: Site) -> None:
        """Make its database and its data folder anew."""
        shutil.rmtree(site.home / "label-studio", ignore_errors=True)
        renew_database(site, "labelstudio")


def _environment(site: Site) -> dict[str, str]:
    port = site.state.port("postgres")
    return {
        **site.environment(),
        **site.nothing_outside(),
        "LABEL_STUDIO_BASE_DATA_DIR": str(site.home / "label-studio"),
        "LABEL_STUDIO_HOST": site.url("label-studio"),
        "LABEL_STUDIO_USERNAME": ADMINISTRATOR.email,
        "LABEL_STUDIO_PASSWORD": site.secrets.of(ADMINISTRATOR.password_secret),
        "LABEL_STUDIO_USER_TOKEN": site.secrets.of(ADMINISTRATOR.token_secret),
        # Read when the organisation is created, on the first start.
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "LABEL_STUDIO_COLLECT_ANALYTICS": "false",
        "LABEL_STUDIO_LATEST_VERSION_CHECK": "false",
        "LABEL_STUDIO_FEATURE_FLAGS_OFFLINE": "true",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "LABEL_STUDIO_ENABLE_LOCAL_FILES_STORAGE": "false",
        "LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS": "false",
        "LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS": BANNED_SUBNETS.replace(" ", ","),
        "LABEL_STUDIO_DEBUG": "false",
        "LABEL_STUDIO_LOG_LEVEL": "WARNING",
        # Given, not made by the server: it signs sessions and tokens, and must survive a kill of the first start.
        "SECRET_KEY": site.secrets.of("label_studio_secret_key"),
        "DJANGO_DB": "default",
        "POSTGRE_NAME": "labelstudio",
        "POSTGRE_USER": "labelstudio",
        "POSTGRE_PASSWORD": site.secrets.of("postgres_labelstudio"),
        "POSTGRE_HOST": LOOPBACK,
        "POSTGRE_PORT": str(port),
    }
