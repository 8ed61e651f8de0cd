/*
 * sockets.h - where the daemon may be reached, in the order to try, and which to let
 * rest.
 *
 * A daemon that hangs costs each caller its whole timeout, and a proxy's thread with it.
 * So a socket that timed out is not tried for a second; then one thread tries it, and the
 * others let it rest until that one knows more. A socket that refuses says so at once and
 * needs no rest.
 */
#ifndef CLIENT_SOCKETS_H
#define CLIENT_SOCKETS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define SOCKETS_MAX     8
#define SOCKETS_REST_MS 1000

struct sockets {
	size_t count;
	const char *name[SOCKETS_MAX]; /* into text */
	char *text;
	int try_ms;                                 /* as long as one attempt may take */
	_Atomic int64_t rest_until_ms[SOCKETS_MAX]; /* of clock_mono_ms; 0: it is well */
};

/*
 * list has commas between absolute paths and "@name"s, and nothing else; relative paths
 * too if they may be. sockets_clear is due after a failure, too.
 */
int sockets_init(struct sockets *sockets, const char *list, bool may_be_relative,
    int try_ms, struct error *err);
void sockets_clear(struct sockets *sockets);

/* Whether nothing is known against it. */
bool sockets_is_well(const struct sockets *sockets, size_t i);

/*
 * 0: the caller may try it, and must report how that went. Otherwise the milliseconds
 * for which it is not to be tried.
 */
int64_t sockets_claim(struct sockets *sockets, size_t i, int64_t now_ms);
void sockets_report(struct sockets *sockets, size_t i, bool timed_out);

#endif
