"""A wire between a client and a server that counts bytes, and that a test can cut: a real one, made of sockets."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

CHUNK_BYTES = 64 * 1024


class Wire:
    """Passes bytes between whoever connects to `url` and the real server."""

    def __init__(self, server_url: str) -> None:
        server = urlsplit(server_url)
        self._server = (str(server.hostname), int(server.port or 80))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.to_client_bytes = 0
        self.to_server_bytes = 0
        self.cuts: list[int] = []
        """Each cuts one connection, after so many bytes to the client on that connection."""
        self.cuts_made = 0

    def serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            threading.Thread(target=self._pass, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, False), daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _pass(self, source: socket.socket, target: socket.socket, to_server: bool) -> None:
        passed_bytes = 0
        with contextlib.suppress(OSError):
            while chunk := source.recv(CHUNK_BYTES):
                with self._lock:
                    if to_server:
                        self.to_server_bytes += len(chunk)
                    else:
                        passed_bytes += len(chunk)
                        if self.cuts and passed_bytes > self.cuts[0]:
                            self.cuts.pop(0)
                            self.cuts_made += 1
                            break
                        self.to_client_bytes += len(chunk)
                target.sendall(chunk)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextlib.contextmanager
def wire_to(server_url: str) -> Iterator[Wire]:
    wire = Wire(server_url)
    thread = threading.Thread(target=wire.serve, daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        wire.close()
        thread.join(timeout=5)
