#!/usr/bin/python3
"""cut.py - stands between a client and keyholdd, and kills processes at one of its requests.

  cut.py LISTEN UPSTREAM NUMBER before|after PID...

Request NUMBER (from 1) is not passed on (before), or passed on and its answer kept back (after), and each PID gets SIGKILL;
"agent" stands for who sent the request. Prints "cut METHOD PATH" before, and ends then.
"""
import os
import signal
import socket
import struct
import sys
import threading

LISTEN, UPSTREAM, NUMBER, WHEN = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
VICTIMS = sys.argv[5:]
lock = threading.Lock()
count = 0


def read_message(stream):
    """One request or answer, with its body; empty at the end."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return b""
        head += line
    length = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    return head + (stream.read(length[0]) if length else b"")


def cut(client, request):
    sender = struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    print("cut", request.split(b" HTTP")[0].decode(), flush=True)
    # The agent last: when it ends, the story ends this process.
    for victim in sorted(VICTIMS, key=lambda victim: victim == "agent"):
        os.kill(sender if victim == "agent" else int(victim), signal.SIGKILL)
    os._exit(0)


def serve(client):
    global count
    upstream = socket.socket(socket.AF_UNIX)
    upstream.connect(UPSTREAM)
    requests, answers = client.makefile("rb"), upstream.makefile("rb")
    while request := read_message(requests):
        with lock:
            count += 1
            is_it = count == NUMBER
        if is_it and WHEN == "before":
            cut(client, request)
        upstream.sendall(request)
        answer = read_message(answers)
        if is_it:
            cut(client, request)
        client.sendall(answer)


def main():
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(LISTEN + ".new")
    listener.listen()
    os.rename(LISTEN + ".new", LISTEN)  # who sees it can connect
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


main()
