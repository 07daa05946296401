"""How is the dock served: on which address, with which certificate, and how does it stop?

Asked to stop, it takes nothing new, lets what is arriving arrive for a while, and gives back the rest.
"""

import ipaddress
from typing import Final

import uvicorn
from starlette.applications import Starlette

from pipeline.dock.premises import Certificate
from pipeline.dock.protocol import BoundedHttp
from pipeline.errors import NotPermittedError, SettingsError

GRACE_S: Final = 30
"""How long transfers that are under way may go on after the dock was asked to stop."""
CONNECTIONS_MAX: Final = 200
"""More are answered 503; each station keeps a few."""
KEEP_ALIVE_S: Final = 75


def serve(app: Starlette, *, host: str, port: int, certificate: Certificate | None) -> None:
    """Serve until asked to stop.

    Args:
        app: the dock.
        host: the address to listen on.
        port: the port to listen on.
        certificate: what the dock proves itself with; without, it speaks in the clear, and only to this machine.

    Raises:
        NotPermittedError: in the clear to other machines.
        SettingsError: the certificate cannot be used.
    """
    if certificate is None and not _is_loopback(host):
        raise NotPermittedError(f"expected TLS or a loopback address, found {host} without TLS: footage would be read")
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        ssl_certfile=certificate.certificate if certificate else None,
        ssl_keyfile=certificate.key if certificate else None,
        http=BoundedHttp,
        ws="none",
        loop="uvloop",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    try:
        config.load()
    except OSError as exc:  # an SSLError too
        raise SettingsError(f"FIRSTHAND_DOCK_CERTIFICATE: it cannot be used with its key: {exc}") from exc
    uvicorn.Server(config).run()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
