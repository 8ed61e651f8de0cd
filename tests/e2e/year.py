#!/usr/bin/python3
"""year.py - clients of servers whose certificates are renewed, while time passes quickly.

  year.py ROOT.pem SOCKET PORT...

On each port one client after another makes a full handshake and reads an answer, and another one reads a long answer
slowly, over many reloads. Each verifies chain and name, and that the certificate is valid by the clock of the keyholdd at
SOCKET. A connection is cut when it ends before the whole answer is there. SIGTERM ends it; prints a line for each failure,
and "done HANDSHAKES FAILED ANSWERS CUT CERTIFICATES".
"""
import http.client
import json
import calendar
import signal
import socket
import ssl
import sys
import threading
import time

NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME: the world's clock is not the one
PAUSE_S = 0.05
SLOW_BYTES = 200000


class Daemon(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def read_clock(path):
    """A function that says what time it is there."""
    daemon = Daemon(path)
    began = time.monotonic()
    daemon.request("GET", "/v1/clock")
    answer = json.loads(daemon.getresponse().read())
    now = calendar.timegm(time.strptime(answer["now"], "%Y-%m-%dT%H:%M:%SZ"))
    return lambda: now + (time.monotonic() - began) * answer["rate"]


class Clients:
    def __init__(self, root, clock):
        self.context = ssl.create_default_context(cafile=root)
        self.context.verify_flags |= NO_CHECK_TIME
        self.clock, self.lock, self.ended = clock, threading.Lock(), False
        self.count = {"handshakes": 0, "failed": 0, "answers": 0, "cut": 0}
        self.serials = set()

    def add(self, what, text=None):
        with self.lock:
            self.count[what] += 1
            if text:
                print(what, text, flush=True)

    def check_time(self, cert):
        # The daemon says whole seconds; a handshake begins before the certificate is looked at.
        first, last = (ssl.cert_time_to_seconds(cert[name]) for name in ("notBefore", "notAfter"))
        if not first - 3600 <= self.clock() <= last:
            raise OSError(f"a certificate until {cert['notAfter']}, and it is {time.ctime(self.clock())}")
        with self.lock:
            self.serials.add(cert["serialNumber"])

    def get(self, port, path):
        """The number of bytes of the answer; a handshake that fails is counted here."""
        try:
            plain = socket.create_connection(("127.0.0.1", port), timeout=20)
            stream = self.context.wrap_socket(plain, server_hostname="localhost")
            self.check_time(stream.getpeercert())
        except OSError as error:
            self.add("failed", f"port {port}: {error}")
            return None
        self.add("handshakes")
        with stream:
            stream.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            total = 0
            while part := stream.recv(65536):
                total += len(part)
        return total

    def run(self, port, path, least):
        while not self.ended:
            try:
                total = self.get(port, path)
            except OSError as error:
                self.add("cut", f"port {port}: {path}: {error}")
                continue
            if total is not None and total < least:
                self.add("cut", f"port {port}: {path}: {total} bytes")
            elif total is not None:
                self.add("answers")
            time.sleep(PAUSE_S)


def main():
    clients = Clients(sys.argv[1], read_clock(sys.argv[2]))
    signal.signal(signal.SIGTERM, lambda *_: setattr(clients, "ended", True))
    threads = [threading.Thread(target=clients.run, args=(int(port), path, least))
               for port in sys.argv[3:] for path, least in (("/", 100), ("/slow", SLOW_BYTES))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("done", *clients.count.values(), len(clients.serials))


main()
