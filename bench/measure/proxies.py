"""
proxies.py - full TLS handshakes through nginx and HAProxy: with a key file, with keyhold.so, and with the token in
the proxy's own process (libp11's ENGINE). Proxies start when they are first measured, and then stay, idle while others
are measured.
"""
import os
import pwd
import shutil
import socket
import subprocess
import time

from measure import credentials
from measure.case import Case
from measure.daemon import cpu_s
from measure.load import sample, with_children

CONNECTIONS = 16
KINDS = tuple(credentials.KINDS)
VERSIONS = ("1.2", "1.3")


def free_ports(names):
    """A port for each, and none twice."""
    sockets = {name: socket.socket() for name in names}
    for s in sockets.values():
        s.bind(("127.0.0.1", 0))
    ports = {name: s.getsockname()[1] for name, s in sockets.items()}
    for s in sockets.values():
        s.close()
    return ports


def is_listening(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Proxy:
    """One process with a port for each kind of key. source: "key file", "keyhold" or "engine"."""

    program = None

    def __init__(self, place, name, source):
        self.place, self.source = place, source
        self.directory = place.top / name.replace(" ", "-")
        self.process = self.credentials = self.ports = None

    def start(self):
        self.credentials = credentials.of(self.place)
        self.directory.mkdir(exist_ok=True)
        self.ports = free_ports(KINDS)
        environment = {"key file": lambda: dict(os.environ), "keyhold": self.credentials.with_provider,
                       "engine": self.credentials.with_engine}[self.source]()
        log = self.directory / "log"
        with open(log, "wb") as output:
            process = subprocess.Popen(self.command(), env=environment, stdout=output, stderr=output)
        self.place.processes.append(process)
        for _ in range(100):
            if process.poll() is not None:
                raise RuntimeError(f"{self.program} did not start: {log.read_text()[-300:]}")
            if all(is_listening(port) for port in self.ports.values()):
                self.process = process
                return
            time.sleep(0.05)
        raise RuntimeError(f"{self.program} does not listen: {log.read_text()[-300:]}")

    def certificate(self, kind, end):
        return (self.credentials.in_file if self.source == "key file" else self.credentials.in_token)(kind, end)

    def run(self, kind, version, seconds):
        if self.process is None:
            self.start()
        spent = {self.program: lambda: sum(map(cpu_s, with_children(self.process.pid)))}
        if self.source == "keyhold":
            spent["keyholdd"] = self.credentials.daemon.cpu_s
        return sample([self.place.build / "bench/tls_load", "--tcp", f"127.0.0.1:{self.ports[kind]}", "--ca",
                       self.credentials.root, "--tls", version, "--threads", CONNECTIONS], seconds, spent)


class Nginx(Proxy):
    program = "nginx"

    def __init__(self, place, workers, source):
        super().__init__(place, f"nginx {workers} {source}", source)
        self.workers = workers

    def key(self, kind):
        # Workers read the token's files themselves with an engine, so all of them are the user who runs this.
        return ("engine:pkcs11:" + self.credentials.uri(kind)) if self.source == "engine" else \
            self.certificate(kind, "key")

    def server(self, kind):
        return (f"server {{ listen 127.0.0.1:{self.ports[kind]} ssl; server_name localhost;\n"
                f"ssl_certificate {self.certificate(kind, 'crt')};\nssl_certificate_key \"{self.key(kind)}\";\n"
                "location / { return 200 \"served\\n\"; } }\n")

    def command(self):
        top = self.directory
        temporary = "".join(f"{name}_temp_path {top}/{name};\n"
                            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        conf = top / "nginx.conf"
        conf.write_text(
            f"user {pwd.getpwuid(os.geteuid()).pw_name};\nenv OPENSSL_CONF;\nenv SOFTHSM2_CONF;\n"
            f"worker_processes {self.workers};\npid {top}/pid;\ndaemon off;\nevents {{ worker_connections 1024; }}\n"
            f"http {{\naccess_log off;\n{temporary}ssl_session_cache off;\nssl_session_tickets off;\n"
            "ssl_protocols TLSv1.2 TLSv1.3;\n" + "".join(self.server(kind) for kind in KINDS) + "}\n")
        return [find("nginx"), "-c", conf, "-p", top, "-e", top / "error.log"]


class Haproxy(Proxy):
    program = "haproxy"

    def __init__(self, place, is_async, source):
        super().__init__(place, f"haproxy {'async' if is_async else 'plain'} {source}", source)
        self.is_async = is_async

    def frontend(self, kind):
        return (f"frontend port-{self.ports[kind]}\nmode http\nbind 127.0.0.1:{self.ports[kind]} ssl crt"
                f" {self.certificate(kind, 'pem')} ssl-min-ver TLSv1.2 no-tls-tickets\n"
                "http-request return status 200 content-type text/plain string \"served\\n\"\n")

    def command(self):
        conf = self.directory / "haproxy.cfg"
        conf.write_text(f"global\nnbthread {os.cpu_count()}\ntune.ssl.cachesize 0\n"
                        f"{'ssl-mode-async' if self.is_async else ''}\n"
                        "defaults\ntimeout connect 5s\ntimeout client 10s\ntimeout server 10s\n"
                        + "".join(self.frontend(kind) for kind in KINDS))
        return [find("haproxy"), "-db", "-f", conf]


def find(program):
    path = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin")
    if path is None:
        raise RuntimeError(f"{program} is not installed (scripts/setup bench)")
    return path


def cases_of(proxy, group, detail, kinds, versions):
    return [Case(group, f"{kind}, TLS {version}, {detail}, {proxy.source}",
                 lambda seconds, kind=kind, version=version: proxy.run(kind, version, seconds))
            for kind in kinds for version in versions]


def workers(count):
    return f"{count} worker{'s' if count > 1 else ''}"


def cases(place):
    listed = []
    for count in (1, 2):
        for source in ("key file", "keyhold", "engine"):
            listed += cases_of(Nginx(place, count, source), "nginx", workers(count), KINDS, VERSIONS)
    for is_async in (False, True):
        for source in ("key file", "keyhold"):
            detail = "ssl-mode-async" if is_async else "synchronous"
            listed += cases_of(Haproxy(place, is_async, source), "haproxy", detail, KINDS, VERSIONS)
    return listed


def quick_cases(place):
    return [case for source in ("key file", "keyhold")
            for case in cases_of(Nginx(place, 2, source), "nginx", workers(2), KINDS, ("1.3",))]
