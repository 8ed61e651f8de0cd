#!/usr/bin/env python3
"""metrics.py - a strict reader of Prometheus' text format 0.0.4, and who names metrics that are not there.

  metrics.py check PAGE                fails unless the page is in the format, to the letter
  metrics.py value PAGE SAMPLE         prints the value of that very sample, labels in this order
  metrics.py names PAGE MANUAL FILE... what MANUAL and the FILEs name is on the page, and MANUAL names all of it
  metrics.py rules DASHBOARD           prints the dashboard's expressions as recording rules, for promtool
"""
import json
import pathlib
import re
import sys

NAME = r"[a-zA-Z_][a-zA-Z0-9_]*"
LABEL = rf'{NAME}="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (-?[0-9]+(?:\.[0-9]+)?)")
HEAD = re.compile(rf"# (HELP|TYPE) ({NAME}) (.+)")
SUFFIXES = ("_bucket", "_sum", "_count")
STANDARD = {"up", "ALERTS"}


class Family:
    def __init__(self, name):
        self.name, self.type, self.samples = name, None, {}

    def holds(self, sample):
        return sample == self.name if self.type != "histogram" else sample in [self.name + s for s in SUFFIXES]


def need(condition, line):
    if not condition:
        sys.exit(f"metrics.py: not in the format: {line!r}")


def read(path):
    """Families by name."""
    text = pathlib.Path(path).read_text()
    need(text.endswith("\n"), text[-80:])
    families, family = {}, None
    for line in text[:-1].split("\n"):
        if head := HEAD.fullmatch(line):
            what, name, rest = head.groups()
            if what == "HELP":
                need(name not in families, line)
                family = families[name] = Family(name)
            else:
                need(family and family.name == name and family.type is None and not family.samples, line)
                need(rest in ("counter", "gauge", "histogram"), line)
                family.type = rest
            continue
        sample = SAMPLE.fullmatch(line)
        need(sample and family and family.type and family.holds(sample[1]), line)
        key = line.rsplit(" ", 1)[0]
        need(key not in family.samples, line)
        labels = re.findall(rf'({NAME})="', sample[2] or "")
        need(len(labels) == len(set(labels)), line)
        family.samples[key] = float(sample[3])
    return families


def check_histogram(family):
    """Buckets rise in bound and count to +Inf, which is the count."""
    series = {}
    for key, value in family.samples.items():
        name, _, labels = key.partition("{")
        bound = re.search(r'le="([^"]*)"', labels)
        rest = re.sub(r',?le="[^"]*"', "", labels).rstrip("}")
        series.setdefault(rest, {}).setdefault(name.removeprefix(family.name), []).append(
            (float(bound[1]) if bound else None, value))
    for rest, of in series.items():
        buckets = of.get("_bucket", [])
        bounds, counts = [b for b, _ in buckets], [c for _, c in buckets]
        need(bounds == sorted(set(bounds)) and bounds[-1:] == [float("inf")], f"{family.name} {rest}: bounds")
        need(counts == sorted(counts), f"{family.name} {rest}: counts")
        need([c for _, c in of.get("_count", [])] == counts[-1:], f"{family.name} {rest}: count")
        need(len(of.get("_sum", [])) == 1 and of["_sum"][0][1] >= 0, f"{family.name} {rest}: sum")


def check(path):
    for family in read(path).values():
        need(family.type, f"{family.name} without a type")
        need((family.type == "counter") == family.name.endswith("_total"), family.name)
        if family.type == "histogram":
            check_histogram(family)
        need(family.type == "gauge" or min(family.samples.values(), default=0) >= 0, family.name)


def value(path, sample):
    for family in read(path).values():
        if sample in family.samples:
            print(f"{family.samples[sample]:.9f}".rstrip("0").rstrip("."))
            return
    sys.exit(f"metrics.py: {path} has no {sample}")


def expressions(path):
    """Of a dashboard or a file of rules, or the code in a page of the manual."""
    text = pathlib.Path(path).read_text()
    if path.endswith(".json"):
        return [t["expr"] for p in json.loads(text)["panels"] for t in p.get("targets", [])]
    if path.endswith(".md"):
        return re.findall(r"`([^`\n]+)`", text)
    return [text]


def named_in(path):
    return {n for e in expressions(path) for n in re.findall(r"\b(?:keyhold|process)_\w+|\bup\b", e)} - STANDARD


def names(page, manual, *files):
    families = read(page)
    known = {n for f in families.values() for n in ([f.name] + [f.name + s for s in SUFFIXES if f.type == "histogram"])}
    wrong = [f"{path}: {n} is not on the page" for path in (manual, *files) for n in sorted(named_in(path) - known)]
    wrong += [f"{manual} lacks {n}" for n in sorted(set(families) - named_in(manual))]
    wrong += [f"{path} names no metric" for path in files if not named_in(path)]
    wrong += [f"{n} has no sample" for f in files for n in sorted(named_in(f) & set(families)) if not families[n].samples]
    if wrong:
        sys.exit("\n".join(wrong))


def rules(path):
    print("groups:\n  - name: dashboard\n    rules:")
    for i, expression in enumerate(expressions(path)):
        plain = expression.replace("$__rate_interval", "5m").replace("$instance", ".*")
        print(f"      - {{ record: panel_{i}, expr: {json.dumps(plain)} }}")


def main():
    command, *arguments = sys.argv[1:]
    {"check": check, "value": value, "names": names, "rules": rules}[command](*arguments)


main()
