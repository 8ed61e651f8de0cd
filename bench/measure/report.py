"""bench/RESULTS.md."""
import statistics


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def target_rows(targets, measured):
    for target in targets:
        value, least, most = target.measured(measured)
        sign = "≤" if target.is_latency else "≥"
        verdict = "yes" if target.is_met(value) else "**no**"
        digits = 0 if target.is_latency else 2
        yield (f"| {target.what} | {value:.{digits}f} | {least:.{digits}f} to {most:.{digits}f} |"
               f" {sign} {target.aim:g} | {verdict} |")


def memory_rows(memory):
    for name, kib, aim in memory:
        verdict = "yes" if kib <= aim else "**no**"
        yield f"| memory of `keyholdd`, {name}, MiB | {kib / 1024:.1f} | | ≤ {aim // 1024} | {verdict} |"


def case_rows(cases, measured):
    for case in cases:
        samples = measured.all(case.group, case.name)
        rates = [sample.rate for sample in samples]
        cpu = ", ".join(f"{program} {number(statistics.median(sample.cpu_us.get(program, 0) for sample in samples))}"
                        for program in samples[0].cpu_us)
        failures = sum(sample.failures for sample in samples)
        yield (f"| {case.name} | {number(statistics.median(rates))} | {number(min(rates))} to {number(max(rates))} |"
               f" {number(measured.median(case.group, case.name, 'p50_us'))} |"
               f" {number(measured.median(case.group, case.name, 'p99_us'))} | {cpu} | {failures or ''} |")


def results(head, targets, cases, measured, memory):
    lines = ["# Results", "", *head, "", "## Targets", "", "| | measured | from, to | target | met |", "|---|---:|---|---:|---|",
             *target_rows(targets, measured), *memory_rows(memory)]
    for group in dict.fromkeys(case.group for case in cases):
        lines += ["", f"## {group[0].upper()}{group[1:]}", "",
                  "| | a second | from, to | p50, µs | p99, µs | CPU for each, µs | failed |", "|---|---:|---|---:|---:|---|---|",
                  *case_rows([case for case in cases if case.group == group], measured)]
    return "\n".join(lines) + "\n"
