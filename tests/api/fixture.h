/* fixture.h - the whole api over a throw-away token and store, and requests to it. */
#ifndef TESTS_API_FIXTURE_H
#define TESTS_API_FIXTURE_H

#include <stdbool.h>

#include <openssl/evp.h>

#include "api/api.h"
#include "tests/support/token.h"

#define OCTETS "application/octet-stream"
#define JSON   "application/json"
#define PKCS10 "application/pkcs10"
#define PEM    "application/x-pem-file"
#define CHAIN  "application/pem-certificate-chain"
#define DER    "application/pkix-cert"
#define CERTS  "application/pkcs7-mime"

struct fixture {
	struct test_token *token;
	void *directory; /* the store's */
	struct store *store;
	struct builtin *builtin;
	struct api api;

	struct rulebook_hold hold; /* as of one connection */
	struct caller caller;      /* an admin, until a test says otherwise */
	const char *accept;        /* of the next requests, as are the next four */
	const char *if_match, *if_none_match, *idempotency_key;
	const char *authorization;
	struct response res; /* to the last request */
	struct json_t *json; /* its body, when that is JSON */
};

/* cmocka's group setup and teardown: *state is the fixture. */
int fixture_open(void **state);
int fixture_close(void **state);

/* Closes store, token and api, and opens them again. */
void fixture_restart(struct fixture *f);

/* The rules in force from now on. */
void fixture_rules(struct fixture *f, const struct access_rule *rules, size_t count);

/* api_handle over a connection of its own. */
void handle_once(struct fixture *f, struct request *req, struct response *res);

/* Sends a request and gives its status. type is NULL without a body. */
int send_bytes(struct fixture *f, const char *method, const char *target,
    const char *type, struct bytes body);
int send_text(struct fixture *f, const char *method, const char *target, const char *type,
    const char *body);
int get(struct fixture *f, const char *target);
int post_json(struct fixture *f, const char *target, const char *body);

/*
 * The last answer is this problem, and the api is still alive. type as in docs/api.md:
 * "not-found".
 */
void assert_problem(struct fixture *f, int status, const char *type);

const char *body_text(const struct fixture *f);
bool body_has(const struct fixture *f, const char *text);

/* A member of the JSON answer that must be there. */
const char *member(const struct fixture *f, const char *name);
bool has_member(const struct fixture *f, const char *name);

/* The number of elements of a list, and a member of one of them. */
size_t list_size(const struct fixture *f, const char *list);
const char *
list_member(const struct fixture *f, const char *list, size_t index, const char *name);

/* Creates a key that must be creatable. */
void make_key(struct fixture *f, const char *name, const char *type, const char *use);

/* An EC key of use sign, and its hash. */
#define HASH_SIZE 65
void make_signer(struct fixture *f, const char *name, char hash[static HASH_SIZE]);

/* Asks for a rotation, or a signature with the key of this hash; the status. */
int rotate(struct fixture *f, const char *name, const char *body);
int sign_with(struct fixture *f, const char *hash);

/* The key of this hash is the current one of its name. */
void assert_current(struct fixture *f, const char *name, const char *hash);

/* Creates an issuer that must be creatable; parent is NULL for a root. */
void make_issuer(struct fixture *f, const char *name, const char *parent);

/* Keeps the log, at most 4 KiB of it, from the first call to the second, which gives it.
 */
void log_capture(void);
/* Whether something is logged between them, within so many milliseconds. */
bool log_is_written(int ms);
const char *log_captured(void);

/* The public half of a key in use; the caller frees. */
EVP_PKEY *public_key(struct fixture *f, const char *name);

#endif
