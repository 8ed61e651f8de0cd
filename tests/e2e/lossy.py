#!/usr/bin/env python3
"""lossy.py PORT TARGET-PORT FILE - passes connections on, but for those that are to be lost.

FILE has a number: so many of the next connections are closed at once, and the number is counted down.
"""
import socket
import sys
import threading

lock = threading.Lock()


def is_lost(path):
    with lock:
        with open(path) as f:
            left = int(f.read().strip() or 0)
        if left <= 0:
            return False
        with open(path, "w") as f:
            f.write(str(left - 1))
        return True


def copy(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(client, port):
    try:
        with client, socket.create_connection(("127.0.0.1", port), timeout=10) as server:
            there = threading.Thread(target=copy, args=(client, server), daemon=True)
            there.start()
            copy(server, client)
            there.join()
    except OSError:
        pass


def main():
    port, target, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    listener = socket.create_server(("127.0.0.1", port), backlog=64)
    while True:
        client, _ = listener.accept()
        if is_lost(path):
            client.close()
        else:
            threading.Thread(target=serve, args=(client, target), daemon=True).start()


main()
