/* limits.c - quotas in a table by the peer's name, and the one lock over their counts. */
#include "service/limits.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#define BUCKETS         1024
#define CONNECTIONS_MIN 16
#define NOTE_MS         1000

struct limits {
	struct limits_options options;
	pthread_mutex_t lock;
	size_t connections;
	struct quota *buckets[BUCKETS];
	struct note {
		int64_t next_ms;
		unsigned unsaid; /* since the last line */
	} notes[LIMITS];
};

static const char *const names[LIMITS] = {
	[LIMIT_CONNECTIONS] = "connections",
	[LIMIT_CONNECTIONS_PER_PEER] = "connections_per_peer",
	[LIMIT_HTTP] = "http",
	[LIMIT_HTTP_PER_PEER] = "http_per_peer",
	[LIMIT_HEADER_BYTES] = "header_bytes",
	[LIMIT_HEADER_S] = "header_s",
	[LIMIT_BODY_S] = "body_s",
	[LIMIT_ANSWER_S] = "answer_s",
	[LIMIT_DESCRIPTORS] = "descriptors",
	[LIMIT_THREADS] = "threads",
	[LIMIT_MEMORY] = "memory",
};

size_t
limits_raise_descriptors(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return 0;
	if (files.rlim_cur != files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &files) != 0 ||
		    getrlimit(RLIMIT_NOFILE, &files) != 0)
			return 0;
	}
	return files.rlim_cur;
}

void
limits_fit(struct limits_options *options, size_t descriptors, size_t others)
{
	size_t room = descriptors > others + CONNECTIONS_MIN ? descriptors - others
							     : CONNECTIONS_MIN;
	unsigned wanted = options->connections;

	if (wanted <= room)
		return;
	/* A peer's share of the whole stays what it was. */
	options->connections = (unsigned)room;
	options->connections_per_peer =
	    (unsigned)((uint64_t)options->connections_per_peer * room / wanted);
	if (options->connections_per_peer == 0)
		options->connections_per_peer = 1;
	log_error("limits.lowered",
	    "connections=%u connections_per_peer=%u wanted=%u descriptors=%zu "
	    "why=\"raise LimitNOFILE or ulimit -Hn to %zu\"",
	    options->connections, options->connections_per_peer, wanted, descriptors,
	    wanted + others);
}

int
limits_new(
    const struct limits_options *options, struct limits **limits, struct error *err)
{
	struct limits *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	l->options = *options;
	pthread_mutex_init(&l->lock, NULL);
	*limits = l;
	return 0;
}

void
limits_free(struct limits *limits)
{
	if (limits == NULL)
		return;
	if (limits->connections > 0)
		abort();
	pthread_mutex_destroy(&limits->lock);
	free(limits);
}

const struct limits_options *
limits_options(const struct limits *limits)
{
	return &limits->options;
}

/* FNV-1a. Users do not choose their ids, so collisions are not for the having. */
static struct quota **
bucket_of(struct limits *limits, const char *peer)
{
	uint32_t hash = 2166136261u;

	for (; *peer != '\0'; peer++)
		hash = (hash ^ (unsigned char)*peer) * 16777619u;
	return &limits->buckets[hash % BUCKETS];
}

/* The lock is held, as it is in the next three. */
static struct quota *
find(struct limits *limits, const char *peer)
{
	struct quota *quota = *bucket_of(limits, peer);

	while (quota != NULL && strcmp(quota->peer, peer) != 0)
		quota = quota->next;
	return quota;
}

/* NULL: no memory. */
static struct quota *
find_or_add(struct limits *limits, const char *peer)
{
	struct quota **bucket = bucket_of(limits, peer), *quota = find(limits, peer);

	if (quota != NULL || (quota = calloc(1, sizeof(*quota))) == NULL)
		return quota;
	if (text_copy(quota->peer, sizeof(quota->peer), peer) != 0)
		abort();
	quota->next = *bucket;
	*bucket = quota;
	return quota;
}

static void
remove_if_empty(struct limits *limits, struct quota *quota)
{
	struct quota **at = bucket_of(limits, quota->peer);

	if (quota->connections + quota->parted > 0)
		return;
	while (*at != quota)
		at = &(*at)->next;
	*at = quota->next;
	free(quota);
}

static struct quota *
enter(struct limits *limits, const char *peer, bool is_owner, enum limit *met)
{
	const size_t reserve = is_owner ? LIMITS_OWNER_PLACES : 0;
	struct quota *quota;

	*met = LIMIT_CONNECTIONS;
	if (limits->connections >= limits->options.connections + reserve)
		return NULL;
	*met = LIMIT_MEMORY;
	if ((quota = find_or_add(limits, peer)) == NULL)
		return NULL;
	*met = LIMIT_CONNECTIONS_PER_PEER;
	if (quota->connections >= limits->options.connections_per_peer)
		return NULL;
	quota->connections++;
	limits->connections++;
	return quota;
}

struct quota *
limits_enter(struct limits *limits, const char *peer, bool is_owner)
{
	struct quota *quota;
	enum limit met;

	pthread_mutex_lock(&limits->lock);
	quota = enter(limits, peer, is_owner, &met);
	pthread_mutex_unlock(&limits->lock);
	if (quota == NULL)
		limits_note(limits, met, peer);
	return quota;
}

void
limits_leave(struct limits *limits, struct quota *quota)
{
	pthread_mutex_lock(&limits->lock);
	quota->connections--;
	limits->connections--;
	remove_if_empty(limits, quota);
	pthread_mutex_unlock(&limits->lock);
}

void
limits_part(struct limits *limits, struct quota *quota)
{
	pthread_mutex_lock(&limits->lock);
	quota->connections--;
	quota->parted++;
	limits->connections--;
	pthread_mutex_unlock(&limits->lock);
}

void
limits_forget(struct limits *limits, struct quota *quota)
{
	pthread_mutex_lock(&limits->lock);
	quota->parted--;
	remove_if_empty(limits, quota);
	pthread_mutex_unlock(&limits->lock);
}

bool
limits_are_met(struct limits *limits, const char *peer, struct limits_claim *claim)
{
	const struct quota *quota;
	bool met;

	pthread_mutex_lock(&limits->lock);
	quota = find(limits, peer);
	*claim = (struct limits_claim){ peer, quota != NULL ? quota->connections : 0 };
	/* Whoever has all that it may is turned away for that. */
	met = limits->connections >= limits->options.connections &&
	      claim->has < limits->options.connections_per_peer;
	pthread_mutex_unlock(&limits->lock);
	return met;
}

bool
limits_gives_way(const struct quota *quota, const struct limits_claim *claim)
{
	return quota->connections > claim->has || strcmp(quota->peer, claim->peer) == 0;
}

size_t
limits_connections(struct limits *limits)
{
	size_t connections;

	pthread_mutex_lock(&limits->lock);
	connections = limits->connections;
	pthread_mutex_unlock(&limits->lock);
	return connections;
}

/* The lock is held. */
static bool
is_to_be_said(struct note *note, unsigned *unsaid)
{
	int64_t now = clock_mono_ms();

	if (now < note->next_ms) {
		note->unsaid++;
		return false;
	}
	note->next_ms = now + NOTE_MS;
	*unsaid = note->unsaid;
	note->unsaid = 0;
	return true;
}

void
limits_note(struct limits *limits, enum limit limit, const char *peer)
{
	unsigned unsaid;
	bool say;

	pthread_mutex_lock(&limits->lock);
	say = is_to_be_said(&limits->notes[limit], &unsaid);
	pthread_mutex_unlock(&limits->lock);
	if (say)
		log_error("limit.met", "limit=%s peer=%s unsaid=%u", names[limit], peer,
		    unsaid);
}

void
limits_turn_away(int fd)
{
	static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\n"
				     "Content-Length: 0\r\n"
				     "Retry-After: 1\r\n"
				     "Connection: close\r\n\r\n";

	send(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}
