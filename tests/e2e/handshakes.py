#!/usr/bin/python3
"""handshakes.py - full TLS handshakes, one after another on several connections at once.

  handshakes.py PORT ROOT.pem CONNECTIONS SECONDS

Each is verified against ROOT.pem and the name localhost. Prints one line for each that
fails, "failed BEGAN ENDED WHY", with times in seconds since 1970, and at the end
"done SUCCEEDED FAILED". SIGTERM stops it early.
"""
import signal
import socket
import ssl
import sys
import threading
import time

PAUSE_AFTER_FAILURE_S = 0.05


def attempt(context, port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname="localhost"):
            pass


def run(port, root, until, count, lock):
    context = ssl.create_default_context(cafile=root)
    while time.time() < until[0]:
        began = time.time()
        try:
            attempt(context, port)
            ok = True
        except OSError as error:
            why, ok = error, False
        with lock:
            count[ok] += 1
            if not ok:
                print(f"failed {began:.3f} {time.time():.3f} {why}", flush=True)
        if not ok:
            time.sleep(PAUSE_AFTER_FAILURE_S)


def main():
    port, root = int(sys.argv[1]), sys.argv[2]
    until, count, lock = [time.time() + float(sys.argv[4])], [0, 0], threading.Lock()
    signal.signal(signal.SIGTERM, lambda *_: until.__setitem__(0, 0))
    threads = [threading.Thread(target=run, args=(port, root, until, count, lock))
               for _ in range(int(sys.argv[3]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"done {count[True]} {count[False]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
