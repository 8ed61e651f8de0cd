/*
 * watch.h - what keyhold expiry looks at, as rows of its table.
 *
 * A row is a JSON object: kind, what, where, verdict and faults; with not_before,
 * not_after, days and serial where there was something to see; of a server its chain,
 * name_matches, tls and staple as well.
 */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include <stdint.h>

#include <jansson.h>
#include <openssl/x509.h>

#include "base/error.h"

struct cli;

struct watch {
	json_t *rows;
	int64_t now;         /* that all is judged at */
	const char *ca;      /* of servers: a file or directory, or NULL */
	int timeout_ms;      /* of each connection to one */
	struct cli *asked;   /* whose keyholdd knows what is revoked; NULL: nobody's */
	struct error unseen; /* the last of what could not be asked at all, a row too */
};

/* What a certificate, or a CRL, says of its time. */
struct watch_times {
	int64_t not_before, not_after;
	const char *serial; /* NULL: it has none */
};

/* A row without a verdict yet; times is NULL when nothing was to be seen. */
json_t *watch_row(const struct watch *watch, const char *kind, const char *what,
    const char *where, const struct watch_times *times);

void watch_fault(json_t *row, const char *fmt, ...) PRINTF(2, 3);

/* Takes the row over; its verdict is its faults, or note, or "ok". */
void watch_add(struct watch *watch, json_t *row, const char *note);

/* A row of what could not be seen. */
void watch_unseen(struct watch *watch, const char *kind, const char *what,
    const char *where, const char *why);

/*
 * What the daemon has, by its clock, which later rows are judged by, too; and asks it
 * from then on what of theirs is revoked. -1 with unseen when it cannot be asked.
 */
int watch_daemon(struct cli *cli, struct watch *watch, int64_t within_s);

/* A fault if asked has just this certificate on record as revoked. */
void watch_revoked(struct watch *watch, json_t *row, const X509 *cert);

/* A host, host:port or name@host:port, a file, or a directory. What is wrong with it is a
 * row; -1 for what is none of these. */
int watch_target(struct watch *watch, const char *target, struct error *err);

/* The same, one on each line; one that is none of these is a row, too. A file that cannot
 * be read is unseen. */
void watch_targets(struct watch *watch, const char *path);

/* The parts of it, each of which is a row or more. */
int watch_server(struct watch *watch, const char *target, struct error *err);
void watch_file(struct watch *watch, const char *path);
void watch_directory(struct watch *watch, const char *path);

/* Ascending by what is left; what could not be seen comes first. */
void watch_sort(struct watch *watch);

#endif
