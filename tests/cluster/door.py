"""How tests reach a server in a node's network: through a socket of this one, opened before. ``door.py FD HOST PORT``

What is accepted on a socket of the machine's loopback is passed on to an address that only the node can reach.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading

CHUNK = 1 << 16


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(CHUNK):
            sink.sendall(chunk)
    for one, how in ((sink, socket.SHUT_WR), (source, socket.SHUT_RD)):
        with contextlib.suppress(OSError):
            one.shutdown(how)


def _serve(came: socket.socket, address: tuple[str, int]) -> None:
    with came, contextlib.suppress(OSError), socket.create_connection(address, 5) as goes:
        goes.settimeout(None)
        back = threading.Thread(target=_pump, args=(goes, came), daemon=True)
        back.start()
        _pump(came, goes)
        back.join()


def main(door: socket.socket, address: tuple[str, int]) -> None:
    """Pass on what comes, for ever."""
    while True:
        came, _ = door.accept()
        threading.Thread(target=_serve, args=(came, address), daemon=True).start()


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), (sys.argv[2], int(sys.argv[3])))
