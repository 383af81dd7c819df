"""How programs find names under .test on this machine: by a proxy that leads every name here, and looks into nothing.

A program is told of it by HTTPS_PROXY, and by SSL_CERT_FILE whom to trust; TLS goes through it untouched, so each
certificate is still asked for its name.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

from browser.authority import Authority


class Leads(StreamRequestHandler):
    """One connection: CONNECT name:port, and from then on bytes."""

    def handle(self) -> None:
        first = self.rfile.readline().split()
        while self.rfile.readline().strip():
            pass
        if len(first) < 2 or first[0] != b"CONNECT":
            return
        port = int(first[1].rpartition(b":")[2])
        with socket.create_connection(("127.0.0.1", port)) as there:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=_carry, args=(there, self.connection), daemon=True)
            back.start()
            _carry(self.connection, there)
            back.join(10)


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def known_names(authority: Authority, folder: Path) -> Iterator[dict[str, str]]:
    """What a program's environment has to say, so that it finds and trusts the servers of this test."""
    trusted = folder / "trusted.pem"
    authority._authority.cert_pem.write_to_path(trusted)
    with ThreadingTCPServer(("127.0.0.1", 0), Leads) as proxy:
        proxy.daemon_threads = True
        thread = threading.Thread(target=proxy.serve_forever, daemon=True)
        thread.start()
        try:
            yield {
                "HTTPS_PROXY": f"http://127.0.0.1:{proxy.server_address[1]}", "NO_PROXY": "127.0.0.1,localhost",
                "SSL_CERT_FILE": str(trusted),
            }  # fmt: skip
        finally:
            proxy.shutdown()
            thread.join(10)
