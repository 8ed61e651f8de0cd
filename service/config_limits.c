/* config_limits.c - the settings below limits. */
#include "service/config_limits.h"

#define THREADS_MIN 32U
#define THREADS_MAX 4096U

/* No more for one peer than for all. */
static int
check_shares(
    const struct source *source, const struct limits_options *limits, struct error *err)
{
	if (limits->connections_per_peer > limits->connections)
		return source_refuse(source, "limits.connections_per_peer",
		    "is more than limits.connections", err);
	if (limits->http_per_peer > limits->http)
		return source_refuse(
		    source, "limits.http_per_peer", "is more than limits.http", err);
	return 0;
}

/* Who lowers only what all may have shall not be refused for a share of it. */
static void
halve_what_was_not_said(
    const struct limits_settings *settings, struct limits_options *limits)
{
	const unsigned connections = (limits->connections + 1) / 2,
		       http = (limits->http + 1) / 2;

	if (settings->connections_per_peer == NULL &&
	    limits->connections_per_peer > connections)
		limits->connections_per_peer = connections;
	if (settings->http_per_peer == NULL && limits->http_per_peer > http)
		limits->http_per_peer = http;
}

/* Twice as many as all tokens have sessions. */
static unsigned
usual_threads(unsigned max_sessions)
{
	const unsigned threads = 2 * max_sessions;

	if (threads < THREADS_MIN)
		return THREADS_MIN;
	return threads < THREADS_MAX ? threads : THREADS_MAX;
}

int
config_read_limits(const struct source *source, const struct limits_settings *settings,
    unsigned max_sessions, struct limits_options *limits, struct error *err)
{
	char threads[16];
	const struct number numbers[] = {
		{ "limits.connections", settings->connections, "16384", 1, 1048576,
		    &limits->connections },
		/* nginx with 64 workers that keep 64 connections each has half of it. */
		{ "limits.connections_per_peer", settings->connections_per_peer, "8192",
		    1, 1048576, &limits->connections_per_peer },
		{ "limits.threads_per_peer", settings->threads_per_peer, threads, 1,
		    THREADS_MAX, &limits->threads_per_peer },
		{ "limits.http", settings->http, "512", 1, 65536, &limits->http },
		{ "limits.http_per_peer", settings->http_per_peer, "256", 1, 65536,
		    &limits->http_per_peer },
		{ "limits.header_bytes", settings->header_bytes, "16384", 4096, 1048576,
		    &limits->header_bytes },
		{ "limits.header_s", settings->header_s, "10", 1, 3600,
		    &limits->header_s },
		{ "limits.body_s", settings->body_s, "30", 1, 3600, &limits->body_s },
		{ "limits.answer_s", settings->answer_s, "60", 1, 3600,
		    &limits->answer_s },
		{ "limits.idle_s", settings->idle_s, "300", 1, 86400, &limits->idle_s },
	};

	snprintf(threads, sizeof(threads), "%u", usual_threads(max_sessions));
	if (source_read_numbers(
		source, numbers, sizeof(numbers) / sizeof(numbers[0]), err) != 0)
		return -1;
	halve_what_was_not_said(settings, limits);
	return check_shares(source, limits, err);
}

void
config_print_limits(const struct limits_options *limits, FILE *out)
{
	fprintf(out,
	    "limits:\n"
	    "  connections: %u\n  connections_per_peer: %u\n  threads_per_peer: %u\n"
	    "  http: %u\n  http_per_peer: %u\n  header_bytes: %u\n"
	    "  header_s: %u\n  body_s: %u\n  answer_s: %u\n  idle_s: %u\n",
	    limits->connections, limits->connections_per_peer, limits->threads_per_peer,
	    limits->http, limits->http_per_peer, limits->header_bytes, limits->header_s,
	    limits->body_s, limits->answer_s, limits->idle_s);
}
