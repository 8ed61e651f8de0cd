"""keyholdd on a directory, and one connection to it."""
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=120)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def cpu_s(pid):
    """CPU time of a process and all its threads, those that have ended too: what clock_getcpuclockid(3) is for."""
    return time.clock_gettime(~pid << 3 | 2)


class Daemon:
    """Made by --dev; started again, by the configuration that --dev wrote, as in production: --dev itself opens the
    token twice."""

    def __init__(self, build, directory):
        self.build = pathlib.Path(build)
        self.directory = pathlib.Path(directory)
        self.socket = str(self.directory / "keyhold.sock")
        self.log_path = str(self.directory) + ".log"
        self.database = self.directory / "state" / "keyhold.db"
        self.environment = os.environ | {"SOFTHSM2_CONF": str(self.directory / "token" / "softhsm2.conf")}
        self.process = None
        self.connection = None
        self.start()

    @property
    def pid(self):
        return self.process.pid

    def start(self):
        """Seconds of the clock and of CPU time until /readyz said 200."""
        config = self.directory / "keyhold.yaml"
        how = ["--config", str(config)] if config.exists() else ["--dev", str(self.directory)]
        began = time.perf_counter()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([self.build / "keyholdd", *how], stderr=log, stdout=log,
                                            env=self.environment)
        while not self.is_ready():
            if self.process.poll() is not None:
                raise RuntimeError(f"keyholdd did not start; see {self.log_path}")
            time.sleep(0.002)
        return time.perf_counter() - began, self.cpu_s()

    def is_ready(self):
        try:
            self.connection = Connection(self.socket)
            self.call("GET", "/readyz")
            return True
        except (OSError, http.client.HTTPException):
            return False

    def call(self, method, path, body=None, kind=None, want=(200, 201)):
        self.connection.request(method, path, body, {"Content-Type": kind} if kind else {})
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status not in want:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return answer, content

    def post(self, path, body):
        return json.loads(self.call("POST", path, json.dumps(body), "application/json")[1])

    def cli(self, *arguments):
        return subprocess.run([self.build / "cli" / "keyhold", "--socket", self.socket, *arguments], check=True,
                              capture_output=True, text=True).stdout

    def cpu_s(self):
        return cpu_s(self.pid)

    def memory_kib(self):
        """Resident memory: now, and at its peak."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            fields = dict(line.split(":", 1) for line in status)
        return int(fields["VmRSS"].split()[0]), int(fields["VmHWM"].split()[0])

    def published(self):
        """How many CRLs of internal were made, and the milliseconds that the last took, as the log has it."""
        with open(self.log_path, encoding="utf-8") as log:
            lines = [line for line in log if "event=crl.published issuer=internal" in line]
        return len(lines), int(lines[-1].rsplit("ms=", 1)[1]) if lines else 0

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.connection.close()
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait() != 0:
            raise RuntimeError(f"keyholdd did not stop cleanly; see {self.log_path}")
