"""load.py - runs a load generator, and says what each program spent meanwhile."""
import json
import subprocess

from measure.case import Sample

WARMUP_S = 0.1


def with_children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        return [pid] + [int(child) for child in children.read().split()]


def generate(command, seconds, environment):
    """What the generator prints of a run."""
    done = subprocess.run([*map(str, command), "--warmup", "0", "--seconds", str(seconds)],
                          env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip() or f"{command[0]} ended with {done.returncode}")
    return json.loads(done.stdout)


def sample(command, seconds, spent, environment=None):
    """
    One Sample. spent has for each program a function that tells its CPU time so far. The warm-up is a run of its own,
    so that this time is of nothing but what is counted.
    """
    generate(command, WARMUP_S, environment)
    before = {name: tell() for name, tell in spent.items()}
    result = generate(command, seconds, environment)
    count = max(1, result["operations"])
    cpu_us = {name: (tell() - before[name]) * 1e6 / count for name, tell in spent.items()}
    cpu_us["load"] = result["user_us"] + result["system_us"]
    return Sample(result["rate"], result["p50_us"], result["p99_us"], result["failures"], cpu_us)


def load(daemon, *options):
    """What a Case runs: the same requests to a daemon, by http_load."""
    command = [daemon.build / "bench" / "http_load", "--socket", daemon.socket, *options]
    return lambda seconds: sample(command, seconds, {"keyholdd": daemon.cpu_s})
