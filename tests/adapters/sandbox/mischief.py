"""A parser that does whatever its options say, as one would that hostile bytes have taken over."""

import ctypes
import os
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import NoVideoStreamError, UsageError


def parse(files: Mapping[str, str], options: Mapping[str, Any]) -> Any:
    return globals()[f"do_{options['do']}"](files, options)


def do_read(files: Mapping[str, str], _: Mapping[str, Any]) -> dict[str, str]:
    print("a library that talks")  # noqa: T201
    return {name: Path(path).read_text() for name, path in files.items()}


def do_read_elsewhere(_: Mapping[str, str], options: Mapping[str, Any]) -> str:
    return Path(options["path"]).read_text()


def do_connect(_: Mapping[str, str], options: Mapping[str, Any]) -> str:
    with socket.create_connection(("127.0.0.1", options["port"]), timeout=5) as connection:
        connection.sendall(b"escaped")
    return "escaped"


def do_write_elsewhere(_: Mapping[str, str], options: Mapping[str, Any]) -> str:
    Path(options["path"]).write_text("escaped")
    return "escaped"


def do_secret(_: Mapping[str, str], __: Mapping[str, Any]) -> list[str]:
    key = sys.stdin.buffer.read().decode()
    return [key.upper(), *(name for name in ("cmdline", "environ") if key in Path(f"/proc/self/{name}").read_text())]


def do_make(_: Mapping[str, str], __: Mapping[str, Any]) -> None:
    Path("out/made").write_text("made")


def do_make_link(_: Mapping[str, str], options: Mapping[str, Any]) -> None:
    Path("out/made").symlink_to(options["path"])


def do_refuse(_: Mapping[str, str], __: Mapping[str, Any]) -> None:
    raise NoVideoStreamError("expected a picture,\x1b found none")


def do_refuse_as_ours(_: Mapping[str, str], __: Mapping[str, Any]) -> None:
    raise UsageError("a parser does not blame the operator")


def do_raise(_: Mapping[str, str], __: Mapping[str, Any]) -> None:
    raise KeyError("John Smith, 12 High Street")


def do_recurse(files: Mapping[str, str], options: Mapping[str, Any]) -> None:
    do_recurse(files, options)


def do_crash(_: Mapping[str, str], __: Mapping[str, Any]) -> None:
    ctypes.string_at(0)


def do_exit(_: Mapping[str, str], __: Mapping[str, Any]) -> None:
    os._exit(0)


def do_hang(_: Mapping[str, str], __: Mapping[str, Any]) -> None:
    time.sleep(600)


def do_spin(_: Mapping[str, str], __: Mapping[str, Any]) -> None:
    while True:
        pass


def do_eat(_: Mapping[str, str], __: Mapping[str, Any]) -> int:
    return len(bytearray(8 << 30))


def do_fill(_: Mapping[str, str], __: Mapping[str, Any]) -> int:
    return Path("out/made").write_bytes(bytes(1 << 20))


def do_flood(_: Mapping[str, str], __: Mapping[str, Any]) -> str:
    return "x" * (20 << 20)


def do_nan(_: Mapping[str, str], __: Mapping[str, Any]) -> float:
    return float("nan")


def do_say(_: Mapping[str, str], options: Mapping[str, Any]) -> None:
    """Write something else than an answer, on every channel there is, and be gone."""
    for descriptor in range(3, 10):
        try:
            os.write(descriptor, options["words"].encode())
        except OSError:
            continue
    os._exit(0)
