/*
 * api.h - the HTTP interface without HTTP: a request in, an answer out.
 *
 * docs/api.md describes the resources. api_handle may be called from any thread.
 */
#ifndef API_API_H
#define API_API_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/recorder.h"
#include "api/request.h"
#include "api/rulebook.h"
#include "ca/authority.h"
#include "evp/builtin.h"
#include "pkcs11/keyring.h"
#include "store/store.h"

struct bearer_table;
struct failures;

/* What whoever may connect is told by /readyz: they share one signature a second. */
struct readiness {
	pthread_mutex_t lock; /* what follows; held while the token signs, too */
	int64_t until_ms;
	int rc;
	struct error why;
};

/* What the handlers work on. Everything in it outlives the api, but what api_open opens.
 */
struct api {
	struct keyring *keys;
	struct builtin *builtin; /* over keys */
	struct store *store;
	struct authority *authority;
	struct ocsp *ocsp;
	struct recorder *recorder;
	bool audit_each;                  /* signature is an entry of the audit record */
	const struct weakkeys *weak_keys; /* NULL: no list of them was there */
	struct metrics *metrics;
	bool everyone_is_admin; /* --dev: whoever can open a socket */
	struct rulebook rules;  /* opened without any */
	struct bearer_table *tokens;
	struct failures *failures;
	/* Creation, rotation and destruction of keys and issuers: one at a time, so that
	 * what was checked still holds when it is recorded (changes.h). */
	pthread_mutex_t changes;
	int changes_wait_ms;
	pthread_mutex_t checking; /* the token: one POST /v1/token/check at a time */
	struct readiness readiness;
};

/* Takes every key of the store into use, and opens authority, ocsp,
 * recorder and metrics. */
int api_open(struct api *api, struct error *err);
void api_close(struct api *api);

/*
 * Puts these rules in force in place of those before, and takes over what the set owns,
 * once the audit record has it as this action; on failure nothing changes.
 */
int api_use_rules(
    struct api *api, const struct ruleset *rules, const char *action, struct error *err);

/* Answers. Whatever goes wrong is an answer too, and a line in the log. */
void api_handle(struct api *api, struct request *req, struct response *res);

/*
 * Whether api_handle will get as far as the handler: resource, method, caller and query
 * are in order, as far as that shows without the key. Else it needs no body to answer,
 * and none should be read. Any thread.
 */
bool api_admits(struct api *api, struct request *req);

/* The same for a request that the server itself turns away. */
void api_refuse(struct api *api, struct request *req, struct response *res,
    enum error_code code, const char *why);

/* The largest body that this request may have, in bytes. */
size_t api_body_max(const char *target);

#endif
