"""case.py - what bench/run measures by turns: a Case, and a Sample of each of its runs."""
from dataclasses import dataclass
from typing import Callable


@dataclass
class Sample:
    rate: float  # operations a second
    p50_us: float
    p99_us: float
    failures: int
    cpu_us: dict  # CPU time for an operation, by program: {"load": .., "keyholdd": .., "nginx": ..}


@dataclass
class Case:
    group: str  # "nginx", "haproxy"
    name: str  # "P-256, TLS 1.3, 2 workers, keyhold"
    run: Callable[[float], Sample]  # for so many seconds
