/* challenge.c - which solver it is, and its life. */
#include "acme/challenge.h"

#include <stdlib.h>
#include <string.h>

struct challenge {
	const struct acme_challenge *how;
	const struct solver *solver;
	void *state;
};

static const char *const names[] = {
	[ACME_HTTP_01] = "http-01",
	[ACME_DNS_01] = "dns-01",
	[ACME_TLS_ALPN_01] = "tls-alpn-01",
};

const char *
challenge_name(enum acme_method method)
{
	return names[method];
}

int
acme_method_read(const char *name, enum acme_method *method)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0) {
			*method = (enum acme_method)i;
			return 0;
		}
	return -1;
}

static const struct solver *
choose(const struct acme_challenge *how)
{
	switch (how->method) {
	case ACME_HTTP_01:
		return how->webroot != NULL ? &http01_webroot : &http01_listen;
	case ACME_DNS_01:
		return &dns01_hook;
	case ACME_TLS_ALPN_01:
		break;
	}
	return &tlsalpn01_listen;
}

static int
check(const struct acme_challenge *how, struct error *err)
{
	bool has_hook = how->hook != NULL && how->hook[0] != NULL;

	if (how->webroot != NULL && (how->method != ACME_HTTP_01 || how->listen != NULL))
		return error_set(err, ERROR_CONFIG,
		    "a webroot is for http-01, and without an address to listen on");
	if (has_hook != (how->method == ACME_DNS_01))
		return error_set(err, ERROR_CONFIG,
		    "dns-01, and it alone, takes a program that sets records");
	if (how->listen != NULL && how->method == ACME_DNS_01)
		return error_set(err, ERROR_CONFIG, "dns-01 listens on no address");
	return 0;
}

int
challenge_open(const struct acme_challenge *how, const struct acme_key *key,
    struct challenge **challenge, struct error *err)
{
	const struct solver *solver = choose(how);
	struct challenge *c;

	if (check(how, err) != 0)
		return -1;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	*c = (struct challenge){ .how = how, .solver = solver };
	if (solver->open != NULL && solver->open(how, key, &c->state, err) != 0) {
		free(c);
		return -1;
	}
	*challenge = c;
	return 0;
}

void
challenge_close(struct challenge *challenge)
{
	if (challenge == NULL)
		return;
	if (challenge->solver->close != NULL)
		challenge->solver->close(challenge->state);
	free(challenge);
}

int
challenge_show(struct challenge *challenge, const struct proof *proof, struct buffer *say,
    struct error *err)
{
	return challenge->solver->show(challenge->how, challenge->state, proof, say, err);
}

void
challenge_hide(struct challenge *challenge, const struct proof *proof)
{
	challenge->solver->hide(challenge->how, challenge->state, proof);
}
