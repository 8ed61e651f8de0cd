/* request.h - an HTTP request and its answer, as plain structs: no socket, no server
 * library. */
#ifndef API_REQUEST_H
#define API_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"

struct rulebook_hold;
struct shared;

#define REQUEST_PARAMS     2
#define REQUEST_PARAM_SIZE 128 /* "spki:" and 64 hex digits, a name, a serial */

/* What the server knows the caller by. */
enum caller_kind {
	CALLER_UNIX,        /* a user, from the kernel */
	CALLER_CERTIFICATE, /* a client certificate that was verified */
	CALLER_TOKEN,       /* a bearer token */
	CALLER_NOBODY,      /* nothing */
};

/* Who asks. Filled in by the server from the connection, and a token from the request. */
struct caller {
	char actor[128]; /* as the audit record names them: "uid:33" */
	enum caller_kind kind;
	bool admin; /* without a rule: root, the daemon's own user, --dev */
	/* CALLER_UNIX */
	uid_t uid;
	gid_t gid;
	const gid_t *groups; /* supplementary */
	size_t group_count;
	/* CALLER_CERTIFICATE: what a rule may call it by, "dns:ci.example" */
	const char *const *names;
	size_t name_count;
	/* CALLER_TOKEN */
	const char *token; /* its name */
};

struct request {
	const char *id; /* unlike any other's; the client sees it too */
	const char *method;
	const char *target;       /* path and query, as they came */
	const char *content_type; /* NULL when absent, as are the next three */
	const char *accept;
	const char *authorization;
	/* Likewise; as they came, NULL when absent. */
	const char *if_match, *if_none_match, *if_modified_since, *idempotency_key;
	struct bytes body;
	bool is_cut; /* refused before its body was read, which is not there */
	const struct caller *caller;
	struct rulebook_hold *hold; /* the connection's, on the rules */
	bool published_only;        /* nothing else is there: published.h */

	/* Filled in by the router: the decoded values of {key}, {issuer} ... and the
	 * query. */
	char params[REQUEST_PARAMS][REQUEST_PARAM_SIZE];
	const char *query; /* never NULL */
	/* What {*} stands for, as it came, escapes and all; ends after rest_len. */
	const char *rest;
	size_t rest_len;
};

struct response {
	int status;
	const char *content_type; /* static; NULL with an empty body */
	struct buffer body;
	struct shared *shared; /* instead of body, unless NULL: bytes of many answers */
	bool is_file;          /* instead of body: all of file, which is closed with it */
	int file;
	int64_t file_bytes;
	char location[160];
	char link[512];
	char allow[64];        /* for 405 */
	const char *challenge; /* static; WWW-Authenticate of a 401, else NULL */
	int retry_after_s;     /* 0: no such header */
	char etag[72];         /* with its quotes */
	int64_t last_modified; /* seconds since 1970; 0: no such header */
	int64_t expires;       /* likewise */
	char cache_control[64];
	bool varies;    /* with Accept: says Vary, or a cache would mix up forms */
	bool is_base64; /* says Content-Transfer-Encoding: base64, as EST wants it */
};

void response_init(struct response *res);
void response_free(struct response *res);

/* If there is one: it is not sent. */
void response_close_file(struct response *res);

/* 200, with what is in the body already. */
int response_finish(struct response *res, const char *content_type, struct error *err);

/* The request's media type, without parameters, is this one. */
bool request_has_type(const struct request *req, const char *type);

/* The first of types that Accept allows; types[0] when it allows all or is absent, NULL
 * for none. */
const char *request_prefers(const struct request *req, const char *const *types);

#endif
