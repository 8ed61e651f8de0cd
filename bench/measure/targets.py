"""What is aimed at: ratios, and what a watch lets pass."""
from dataclasses import dataclass

from measure.growth import A_FEW, CERTIFICATES, KEYS
from measure.signing import CPUS, of

ALONE = of(CPUS, "thread")
MANY_KEYS, MANY_CERTIFICATES = f"{KEYS:,} keys", f"{CERTIFICATES:,} certificates"


@dataclass
class Target:
    what: str
    one: tuple    # group and name of a case
    other: tuple  # what it is compared with
    aim: float
    is_latency: bool = False  # one's median latency may be so many microseconds more; else rates are divided
    floor: float = None       # for bench/run --quick: below it, a change has cost a third or more

    def measured(self, measured):
        """Median, least and most of the rounds."""
        if self.is_latency:
            return measured.compare(self.one, self.other, "p50_us", lambda a, b: a - b)
        return measured.compare(self.one, self.other, "rate", lambda a, b: a / b)

    def is_met(self, value):
        return value <= self.aim if self.is_latency else value >= self.aim

    def is_watched(self, value):
        return value <= self.floor if self.is_latency else value >= self.floor


SIGNING = [
    Target("P-256 through the socket, 8 connections, to the token alone", ("socket", "P-256, 8 connections"),
           ("token", f"P-256, {ALONE}"), 1.0, floor=0.72),
    Target("RSA-2048 through the socket, 8 connections, to the token alone", ("socket", "RSA-2048, 8 connections"),
           ("token", f"RSA-2048, {ALONE}"), 0.97, floor=0.68),
    Target("one P-256 signature, one connection, µs more than the token's", ("socket", "P-256, 1 connection"),
           ("token", "P-256, 1 thread"), 60, is_latency=True, floor=78),
]
WATCHED = [
    Target("P-256 through the socket, 64 connections, to the token alone", ("socket", "P-256, 64 connections"),
           ("token", f"P-256, {ALONE}"), 0.8, floor=0.63),
    Target("certificates for P-256, 16 connections, to signatures of the token alone",
           ("issuing, keyhold", "P-256, 16 connections"), ("token", f"P-256, {ALONE}"), 0.1, floor=0.06),
]
REMOTING = [
    Target(f"{kind} through the socket, 8 connections, to p11-kit server", ("socket", f"{kind}, 8 connections"),
           ("p11-kit server", f"{kind}, 8 threads"), 3.0)
    for kind in ("P-256", "RSA-2048")
]


def proxy_targets(kind, version, aim, floor=None):
    case = f"{kind}, TLS {version}, 2 workers, "
    return Target(f"nginx, 2 workers, handshakes, {kind}, TLS {version}, to a key file", ("nginx", case + "keyhold"),
                  ("nginx", case + "key file"), aim, floor=floor)


PROXIES = [
    proxy_targets("P-256", "1.3", 0.9, 0.62),
    proxy_targets("P-256", "1.2", 0.9),
    proxy_targets("RSA-2048", "1.3", 0.7, 0.48),
    proxy_targets("RSA-2048", "1.2", 0.7),
]
ENGINE = [
    Target(f"nginx, 2 workers, handshakes, {kind}, TLS {version}, to the token in nginx",
           ("nginx", f"{kind}, TLS {version}, 2 workers, keyhold"), ("nginx", f"{kind}, TLS {version}, 2 workers, engine"),
           1.0)
    for kind in ("P-256", "RSA-2048") for version in ("1.3", "1.2")
]
ISSUING = [Target("certificates for P-256, 16 connections, to cfssl serve", ("issuing, keyhold", "P-256, 16 connections"),
                  ("issuing, cfssl", "P-256, 16 connections"), 1.0)]
GROWTH = [
    Target(f"sign P-256, 8 connections, {how}, {KEYS:,} keys to 1", (MANY_KEYS, f"sign P-256, 8 connections, {how}, {KEYS:,} keys"),
           (MANY_KEYS, f"sign P-256, 8 connections, {how}, 1 key"), 0.95)
    for how in ("by name", "by hash")
] + [
    Target(f"{what}, {CERTIFICATES:,} certificates to {A_FEW}",
           (MANY_CERTIFICATES, f"{what}, 16 connections, {CERTIFICATES:,} certificates"),
           (MANY_CERTIFICATES, f"{what}, 16 connections, {A_FEW} certificates"), 0.95)
    for what in ("issue", "OCSP, an answer that was kept", "OCSP, signed each time", "list 100")
]
ALL = SIGNING + REMOTING + PROXIES + ENGINE + ISSUING + GROWTH
QUICK = SIGNING + WATCHED + [target for target in PROXIES if target.floor is not None]
