/* listeners.c - systemd's sockets told apart, and the rest made. */
#include "service/listeners.h"

#include <string.h>

#include "service/https.h"
#include "service/tcp.h"

int
listeners_check(const struct config *config, struct error *err)
{
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct config_listener *l = &config->listeners[i];

		if (l->kind == LISTENER_UNIX && !listen_is_activated() &&
		    listen_check(l->path, l->owners, err) != 0)
			return -1;
		if (l->kind == LISTENER_HTTPS && https_check(l, err) != 0)
			return -1;
	}
	return 0;
}

static const struct config_listener *
find_address(const struct config *config, const struct tcp_address *address)
{
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct config_listener *l = &config->listeners[i];

		if (l->kind != LISTENER_UNIX && tcp_address_is_same(&l->address, address))
			return l;
	}
	return NULL;
}

/* Whether a TCP socket of systemd's speaks TLS, and with whom, its address tells. */
static int
recognise(const struct config *config, struct listener *listener, struct error *err)
{
	struct tcp_address address;
	char host[TCP_HOST_SIZE];

	if (listener->kind == LISTENER_UNIX)
		return 0;
	if (tcp_address_of(listener->fd, &address, err) != 0)
		return -1;
	if ((listener->settings = find_address(config, &address)) == NULL)
		return error_set(err, ERROR_CONFIG,
		    "systemd passed a socket of address %s, port %u, which no https or "
		    "http below listen has",
		    tcp_host((const struct sockaddr *)&address.socket, host),
		    tcp_port(&address));
	listener->kind = listener->settings->kind;
	return 0;
}

static bool
is_passed(const struct listeners *listeners, size_t passed,
    const struct config_listener *settings)
{
	for (size_t i = 0; i < passed; i++) {
		const struct listener *l = &listeners->list[i];

		if (settings->kind == LISTENER_UNIX ? l->kind == LISTENER_UNIX
						    : l->settings == settings)
			return true;
	}
	return false;
}

static int
open_own(
    const struct config_listener *settings, struct listener *listener, struct error *err)
{
	if (settings->kind == LISTENER_UNIX)
		return listen_unix(
		    settings->path, settings->mode, settings->owners, listener, err);
	*listener = (struct listener){
		.kind = settings->kind,
		.settings = settings,
		.own = true,
	};
	return tcp_listen(&settings->address, settings->name, &listener->fd, err);
}

int
listeners_open(
    const struct config *config, struct listeners *listeners, struct error *err)
{
	size_t passed;

	if (listen_activated(listeners->list, LISTENERS_MAX, &listeners->count, err) != 0)
		return -1;
	passed = listeners->count;
	for (size_t i = 0; i < passed; i++)
		if (recognise(config, &listeners->list[i], err) != 0)
			return -1;
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct config_listener *settings = &config->listeners[i];

		if (is_passed(listeners, passed, settings))
			continue;
		if (listeners->count == LISTENERS_MAX)
			return error_set(
			    err, ERROR_CONFIG, "more than %d listeners", LISTENERS_MAX);
		if (open_own(settings, &listeners->list[listeners->count], err) != 0)
			return -1;
		listeners->count++;
	}
	return 0;
}

void
listeners_close(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		listen_close(&listeners->list[i]);
	listeners->count = 0;
}
