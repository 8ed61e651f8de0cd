#!/usr/bin/env python3
"""events.py - each line of the log is an event with key=value fields, and the manual has them all.

events.py [DIR] checks a source tree; events.py --can-fail [DIR] plants mistakes in copies of what it reads and succeeds
when each is found."""
import pathlib
import re
import sys

FOLDERS = "agent api base ca evp pkcs11 service store".split()
MANUAL = "docs/monitoring.md"
CALL = re.compile(r'\blog_(error|info|debug)\(\s*(?!const\b)([^,;]+),\s*((?:"(?:[^"\\]|\\.)*"\s*)+|\w+)')
EVENT = re.compile(r'[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$')
# A value is one conversion, or text with conversions in it: %s alone is the caller's word that it needs no quotes.
FIELD = r'[a-z][a-z0-9_]*=(?:[\w./-]+|%(?:\.\*)?[a-z]+|"[^" =]*%[a-z]+[^"=]*"|"[^"=]*")'
FIELDS = re.compile(rf'{FIELD}(?: {FIELD})*$')
ROW = re.compile(r'^\| `([a-z0-9.-]+)` \| ([a-z, ]+) \|')


def literal(text):
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', text)).replace('\\"', '"')


def format_of(argument, source):
    """What a call's fields are: a literal, or a constant of the same file."""
    if argument.startswith('"'):
        return literal(argument)
    named = re.search(rf'\bchar {argument}\[\] =\s*((?:"(?:[^"\\]|\\.)*"\s*)+);', source)
    return literal(named[1]) if named else None


def problems_of(files, manual):
    """files: name -> text."""
    seen = set()
    for name, source in files.items():
        for level, event, fields in CALL.findall(source):
            form = format_of(fields, source)
            if not (event := literal(event)) or not EVENT.match(event):
                yield f"{name}: {event or 'an event'} is not noun.verb-ed"
            elif form is None or not FIELDS.match(form):
                yield f"{name}: {event}: the fields are not key=value: {form}"
            seen.add((event, level))
    rows = [match for line in manual.splitlines() if (match := ROW.match(line))]
    listed = {(row[1], level) for row in rows for level in row[2].split(", ")}
    for event, level in sorted(seen - listed):
        yield f"{MANUAL} lacks {event}, of level {level}"
    for event, level in sorted(listed - seen):
        yield f"{MANUAL} has {event}, of level {level}, which nothing logs"


def read(root):
    files = {str(path.relative_to(root)): path.read_text() for folder in FOLDERS
             for path in sorted((root / folder).glob("*.c")) if path.name != "log.c"}
    if len(files) < 50:
        sys.exit(f"events.py: {root} is not the source tree")
    return files, (root / MANUAL).read_text()


def check(root):
    found = list(problems_of(*read(root)))
    print("\n".join(found) or "events: the manual has them all")
    return 1 if found else 0


PLANTED = {
    "an event that the manual lacks": 'log_info("planted.event", "key=%s", key);',
    "another level": 'log_debug("daemon.started", "version=%s", version);',
    "no event name": 'log_error("Planted", "key=%s", key);',
    "no event": 'log_error(name, "key=%s", key);',
    "fields that are none": 'log_error("request.failed", "it failed: %s", why);',
    "two spaces": 'log_error("request.failed", "a=%s  b=%s", a, b);',
    "unquoted text": 'log_error("request.failed", "why=it failed");',
    "fields from elsewhere": 'log_error("request.failed", unknown, why);',
}


def can_fail(root):
    files, manual = read(root)
    missed = [what for what, call in PLANTED.items()
              if not list(problems_of(files | {"planted.c": f"void f(void) {{\n\t{call}\n}}"}, manual))]
    if not list(problems_of(files, manual + "| `planted.event` | info | | |\n")):
        missed.append("an event that nothing logs")
    if list(problems_of(files, manual)):
        missed.append("the tree breaks the rules before anything is planted")
    print("\n".join(missed) or f"events: each of {len(PLANTED) + 1} mistakes was found")
    return 1 if missed else 0


def main():
    arguments = sys.argv[1:]
    run = check
    if arguments[:1] == ["--can-fail"]:
        run = can_fail
        del arguments[0]
    return run(pathlib.Path(arguments[0]) if arguments else pathlib.Path(__file__).parent.parent)


sys.exit(main())
