"""Attacks from users who may connect and nothing else, while another peer signs.

hostile.py SOCKET PORT PID SANITIZER KEYHOLD COMMAND...: PORT is that of an HTTPS listener. The command signs for a moment, and prints JSON with the
rate. It is run by turns without and with each attack; what counts is the median of the
ratios of neighbours. The machine may be busy with other things, so there are more turns
while the median is too low, up to a number; where the rate alone varies by more than what
is looked for, that is said instead.
"""
import json
import os
import resource
import select
import socket
import statistics
import subprocess
import sys
import time
import traceback

PATH, PORT, PID, SANITIZER, KEYHOLD = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
SIGN = sys.argv[6:]
AT_LEAST = 0.9
AT_LEAST_IN_NOISE = 0.75
TURNS, TURNS_MAX = 4, 14
MEMORY_MAX = 64 * 1024 * 1024
# What malloc keeps for as many threads as there were: it does not grow with more turns.
MEMORY_KEPT = 24 * 1024 * 1024
IDLE = 10000
USERS = (65534, 65533)
# Open to everybody: who lacks a right is told so before the body.
HEAD = b"POST /v1/issuers/root/ocsp HTTP/1.1\r\nHost: localhost\r\n"
BODY_TO_COME = HEAD + b"Content-Type: application/ocsp-request\r\nContent-Length: 1000\r\n\r\n"


def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect(PATH)
    return s


def sends(s, data):
    try:
        s.sendall(data)
    except OSError:
        return False
    return True


class Attack:
    """Holds connections, and does something with them about a hundred times a second."""

    count = 0

    def __init__(self):
        self.connections = []
        self.ticks = 0

    def begin(self):
        while len(self.connections) < self.count:
            self.connections.append(self.open())

    def open(self):
        s = self.connect()
        sends(s, self.first())
        return s

    def connect(self):
        return connect()

    def first(self):
        return b""

    def tick(self):
        self.ticks += 1

    def end(self):
        for s in self.connections:
            s.close()
        self.connections = []


class Idle(Attack):
    """Connections that say nothing."""

    count = IDLE // len(USERS)


class SlowBodies(Attack):
    """A byte of a body each second, on more connections than may be; whoever is cut off comes again."""

    count = 300

    def first(self):
        return BODY_TO_COME + b"{"

    def tick(self):
        super().tick()
        for i in range(self.ticks % 100, self.count, 100):
            if not sends(self.connections[i], b" "):
                self.connections[i].close()
                self.connections[i] = self.open()


class SlowHeaders(SlowBodies):
    """The same, of a header."""

    def first(self):
        return HEAD + b"X-Slow: "


class LargeHeaders(Attack):
    """Headers of 10 MB, 20 a second."""

    megabyte = b"X-Large: " + b"a" * (1 << 20) + b"\r\n"

    def tick(self):
        super().tick()
        if self.ticks % 5 != 0:
            return
        s = connect()
        sends(s, HEAD)
        for _ in range(10):
            if not sends(s, self.megabyte):
                break
        s.close()


class Garbage(Attack):
    """Bytes that are no HTTP, and pieces of requests for signatures; 100 a second."""

    def tick(self):
        super().tick()
        s = connect()
        if self.ticks % 2 == 0:
            sends(s, os.urandom(2048))
        else:
            sends(s, b"POST /v1/keys/papers/sign?scheme=" + os.urandom(64))
        self.connections.append(s)
        if len(self.connections) > 50:
            self.connections.pop(0).close()


class HalfOpenTls(Attack):
    """The beginning of a ClientHello, and nothing more."""

    count = 300

    def connect(self):
        # Not create_connection: it imports, and the user may not read Python's files.
        s = socket.socket(socket.AF_INET)
        s.connect(("127.0.0.1", PORT))
        return s

    def first(self):
        return bytes.fromhex("1603010200010001fc0303") + os.urandom(32)


ATTACKS = [Idle, SlowBodies, SlowHeaders, LargeHeaders, Garbage, HalfOpenTls]


def attacker(kind, uid, commands, answers):
    """In a process of its own: "+" begins, "-" ends, and each is answered when it is done."""
    os.setgroups([])
    os.setgid(65534)
    os.setuid(uid)
    attack = kind()
    running = False
    while True:
        ready, _, _ = select.select([commands], [], [], 0.01 if running else None)
        if ready:
            command = os.read(commands, 1)
            if command == b"":
                os._exit(0)
            running = command == b"+"
            (attack.begin if running else attack.end)()
            os.write(answers, command)
        elif running:
            attack.tick()


class Attackers:
    def __init__(self, kind):
        self.pipes = []
        for uid in USERS:
            to_child, from_child = os.pipe(), os.pipe()
            if os.fork() == 0:
                os.close(to_child[1])
                for command, _ in self.pipes:
                    os.close(command)
                try:
                    attacker(kind, uid, to_child[0], from_child[1])
                except BaseException:
                    traceback.print_exc()
                os._exit(1)
            os.close(to_child[0])
            os.close(from_child[1])
            self.pipes.append((to_child[1], from_child[0]))

    def tell(self, command):
        for to, _ in self.pipes:
            os.write(to, command)
        for _, answers in self.pipes:
            if os.read(answers, 1) != command:
                sys.exit("an attacker died")

    def leave(self):
        for to, answers in self.pipes:
            os.close(to)
            os.close(answers)
            os.wait()


def rate():
    out = subprocess.run(SIGN, capture_output=True, text=True)
    if out.returncode != 0:
        sys.exit(f"the peer that signs: {out.stderr}")
    return json.loads(out.stdout)["rate"]


def status(name):
    with open(f"/proc/{PID}/status") as f:
        for line in f:
            if line.startswith(name + ":"):
                return int(line.split()[1])


def memory():
    return status("VmRSS") * 1024


def descriptors():
    return len(os.listdir(f"/proc/{PID}/fd"))


def state():
    return descriptors(), status("Threads")


def is_back_to(normal):
    return all(now <= before for now, before in zip(state(), normal))


def wait_for(description, predicate):
    end = time.monotonic() + 10
    while not predicate():
        if time.monotonic() > end:
            sys.exit(f"{description} did not happen: descriptors, threads: {state()}")
        time.sleep(0.05)


def with_attack(attackers, kind, normal):
    attackers.tell(b"+")
    if kind is Idle:
        wait_for(f"{IDLE} connections", lambda: descriptors() >= IDLE)
    time.sleep(0.2)  # it stands: a kernel has connections before the daemon does
    result = rate()
    if kind is SlowBodies:
        # Root asks for what is no signature, of which the attackers have all the connections that they may.
        subprocess.run([KEYHOLD, "key", "list"], check=True, stdout=subprocess.DEVNULL)
    attackers.most = max(attackers.most, memory())
    attackers.tell(b"-")
    wait_for("the end of the attack", lambda: is_back_to(normal))
    return result


def noise(samples):
    """What the middle half of them varies by."""
    low, middle, high = statistics.quantiles(samples, n=4)
    return (high - low) / middle


def face(kind, normal):
    attackers = Attackers(kind)
    attackers.most = 0
    ratios, rates = [], []
    while len(ratios) < TURNS or (
        SANITIZER == "none" and statistics.median(ratios) < AT_LEAST and len(ratios) < TURNS_MAX
    ):
        # Each comes first as often as the other: the machine gets slower and faster.
        if len(ratios) % 2 == 0:
            without = rate()
            under = with_attack(attackers, kind, normal)
        else:
            under = with_attack(attackers, kind, normal)
            without = rate()
        rates.append((without, under))
        ratios.append(under / without)
    attackers.leave()
    after = rate()
    median = statistics.median(ratios)
    print(
        f"-- {kind.__name__}: {median:.2f} of the rate "
        f"({statistics.median(r for r, _ in rates):.0f} a second without, "
        f"{statistics.median(r for _, r in rates):.0f} with, {after:.0f} after; {len(ratios)} turns), "
        f"{attackers.most / 2**20:.1f} MiB"
    )
    # What a sanitizer adds, it adds to threads and memory most.
    if SANITIZER != "none":
        return
    if AT_LEAST > median >= AT_LEAST_IN_NOISE and noise([r for r, _ in rates]) > 1 - AT_LEAST:
        print(f"SKIPPED: whether {kind.__name__} leaves {AT_LEAST}: the rate alone varies by more than that", flush=True)
    elif median < AT_LEAST:
        sys.exit(f"{kind.__name__}: signatures went on at {median:.2f} of their rate, not {AT_LEAST}")
    if attackers.most > MEMORY_MAX:
        sys.exit(f"{kind.__name__}: {attackers.most} bytes of memory")


def answer_to(*pieces, pause=0.0):
    """What a peer hears who sends these, and after how many seconds."""
    s = connect()
    s.settimeout(20)
    begin = time.monotonic()
    for piece in pieces:
        if not sends(s, piece) or select.select([s], [], [], pause)[0]:
            break
    answer = s.recv(65536)
    s.close()
    return answer.split(b"\r\n")[0].decode(), time.monotonic() - begin


def expect(what, line, seconds, answer):
    got, took = answer
    print(f"-- {what}: {got or 'closed'} after {took:.1f} s")
    if not got.startswith(f"HTTP/1.1 {line} ") or not seconds[0] <= took <= seconds[1]:
        sys.exit(f"{what}: not {line} within {seconds} seconds")


def try_limits():
    slowly = [b"a"] * 100
    expect("a header, a byte each 0.2 s", 408, (1.5, 6), answer_to(HEAD + b"X: ", *slowly, pause=0.2))
    expect("a body, a byte each 0.2 s", 408, (2.5, 7), answer_to(BODY_TO_COME, *slowly, pause=0.2))
    expect("a header of 10 MB", 431, (0, 5), answer_to(HEAD, *[LargeHeaders.megabyte] * 10))
    expect("a line of 10 MB", 414, (0, 5), answer_to(b"GET /", *[b"a" * (1 << 20)] * 10))
    expect("garbage", 400, (0, 5), answer_to(bytes(range(256)) * 8))


def first_line_of(s):
    """"" when none has come."""
    try:
        return s.recv(100).split(b"\r\n")[0].decode()
    except OSError:
        return ""


def fill_up():
    """One peer has all the connections that one may have, and another gets in."""
    attackers = Attackers(type("Greedy", (Idle,), {"count": 4200}))
    attackers.tell(b"+")
    pid = os.fork()
    if pid == 0:
        os.setuid(USERS[0])
        held, line = [], ""
        while line == "" and len(held) < 8192:
            held.append(connect())
            held[-1].settimeout(0.01)
            if len(held) > 3900:
                line = first_line_of(held[-1])
        print(f"-- connection {4200 + len(held)} of one peer: {line}", flush=True)
        os._exit(0 if line.startswith("HTTP/1.1 503 ") else 1)
    if os.waitpid(pid, 0)[1] != 0:
        sys.exit("a peer may have any number of connections")
    rate()
    attackers.tell(b"-")
    attackers.leave()


def main():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    rate()
    time.sleep(1.5)  # until a thread without a request has gone
    normal = state()
    before = memory()
    print(f"-- before: {before / 2**20:.1f} MiB, descriptors and threads {normal}")
    try_limits()
    for kind in ATTACKS:
        face(kind, normal)
    fill_up()
    wait_for("back to normal", lambda: is_back_to(normal))
    after = memory()
    print(f"-- afterwards: {after / 2**20:.1f} MiB, descriptors and threads {state()}")
    if SANITIZER == "none" and after > before + MEMORY_KEPT:
        sys.exit("the memory did not come back")


main()
