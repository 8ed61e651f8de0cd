/* sockets.c - the list of sockets, and their rest. */
#include "client/sockets.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/connection.h"

/* Where a proxy runs, nobody knows which directory a relative path starts from. */
static int
check_name(const char *name, bool may_be_relative, struct error *err)
{
	size_t len = strlen(name);

	if (len == 0)
		return error_set(
		    err, ERROR_CONFIG, "an empty name in the list of sockets");
	if (isspace((unsigned char)name[0]) || isspace((unsigned char)name[len - 1]))
		return error_set(err, ERROR_CONFIG,
		    "a blank around \"%s\" in the list of sockets: only a comma stands "
		    "between two",
		    name);
	if (strcmp(name, "@") == 0)
		return error_set(err, ERROR_CONFIG, "an abstract socket needs a name");
	if (name[0] != '/' && name[0] != '@' && !may_be_relative)
		return error_set(err, ERROR_CONFIG,
		    "the socket \"%s\" is neither an absolute path nor @name", name);
	if (len > connection_socket_max())
		return error_set(err, ERROR_CONFIG,
		    "%s: longer than the %zu bytes of a socket's path", name,
		    connection_socket_max());
	return 0;
}

static int
split(struct sockets *sockets, bool may_be_relative, struct error *err)
{
	char *rest = sockets->text, *name;

	while ((name = strsep(&rest, ",")) != NULL) {
		if (check_name(name, may_be_relative, err) != 0)
			return -1;
		if (sockets->count == SOCKETS_MAX)
			return error_set(
			    err, ERROR_CONFIG, "more than %d sockets", SOCKETS_MAX);
		sockets->name[sockets->count++] = name;
	}
	return 0;
}

int
sockets_init(struct sockets *sockets, const char *list, bool may_be_relative, int try_ms,
    struct error *err)
{
	sockets->count = 0;
	sockets->try_ms = try_ms;
	for (size_t i = 0; i < SOCKETS_MAX; i++)
		atomic_init(&sockets->rest_until_ms[i], 0);
	if ((sockets->text = strdup(list)) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	return split(sockets, may_be_relative, err);
}

void
sockets_clear(struct sockets *sockets)
{
	free(sockets->text);
	sockets->text = NULL;
	sockets->count = 0;
}

bool
sockets_is_well(const struct sockets *sockets, size_t i)
{
	return atomic_load_explicit(&sockets->rest_until_ms[i], memory_order_relaxed) ==
	       0;
}

int64_t
sockets_claim(struct sockets *sockets, size_t i, int64_t now_ms)
{
	int64_t until = atomic_load(&sockets->rest_until_ms[i]);

	if (until == 0)
		return 0;
	if (now_ms < until)
		return until - now_ms;
	/* Who never reports, as a child that was forked meanwhile, holds it no longer
	 * than an attempt takes. */
	if (atomic_compare_exchange_strong(
		&sockets->rest_until_ms[i], &until, now_ms + sockets->try_ms))
		return 0;
	return until > now_ms ? until - now_ms : 0;
}

void
sockets_report(struct sockets *sockets, size_t i, bool timed_out)
{
	if (timed_out)
		atomic_store(
		    &sockets->rest_until_ms[i], clock_mono_ms() + SOCKETS_REST_MS);
	else if (!sockets_is_well(sockets, i))
		atomic_store(&sockets->rest_until_ms[i], 0);
}
