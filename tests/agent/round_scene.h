/* round_scene.h - an agent and a daemon that refuses, for tests of a round. */
#ifndef TESTS_AGENT_ROUND_SCENE_H
#define TESTS_AGENT_ROUND_SCENE_H

#include <stdbool.h>

#include "agent/agent.h"
#include "rest/rest.h"
#include "tests/support/fake_server.h"

struct scene {
	void *directory;
	struct fake_server *server;
	struct rest rest;
	struct agent agent;
	struct error err;
	unsigned failures;
	char list[4096];     /* the answer to GET /v1/managed */
	const char *new_key; /* of those that are added */
	bool contended;      /* every report is refused */
	bool blocked;        /* the key is not certified any more */
	char csr[1024];      /* of the key, in PEM */
	char account[512];   /* an account's public key, in PEM */
	char spki[65];       /* of the key, in hex */
	char created[32];    /* when it was */
	bool revoked;        /* every certificate is */
	char attempt[128];   /* the last Idempotency-Key */
	char ended[128];     /* whose renewals did, one after another */
};

/* For cmocka: *state is the scene. */
int scene_set_up(void **state);
int scene_tear_down(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_set_up, scene_tear_down)

/* Sources; nobody listens there. */
#define INTERNAL "{\"issuer\":\"internal\",\"profile\":\"server\"}"
#define OUTSIDE                                                                          \
	"{\"acme\":\"https://127.0.0.1:1/dir\",\"account\":\"account\",\"challenge\":"   \
	"\"http-01\"}"

/* Members of a state. */
#define INSTALLED                                                                        \
	"\"serial\":\"0a\",\"not_before\":\"2026-12-30T00:00:00Z\","                     \
	"\"not_after\":\"2027-03-30T00:00:00Z\",\"installed\":\"2026-12-30T00:00:00Z\""
#define FAILING_HOOK ",\"hook\":{\"argv\":[\"false\"],\"timeout_s\":5}"

/* One of this source, in directory/NAME; members are those of its state, and of it. */
void scene_add(struct scene *f, const char *name, const char *source, const char *state,
    const char *members);

/* A request to certify a key of its own, in PEM. */
void scene_request(char pem[static 1024]);

/* Of a key of its own, serial 0a, from 2025 until then, as ASN.1 writes it. */
void scene_certificate(const char *path, const char *until);

/* Such a one in web/web, as the record of INSTALLED has it; *path is the file. */
void scene_install(struct scene *f, const char *until, char path[static 256]);

/* One round, for which the daemon answers. */
void scene_round(struct scene *f);

#endif
