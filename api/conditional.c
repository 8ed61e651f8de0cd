/* conditional.c - entity tags and dates, compared. */
#include "api/conditional.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "base/text.h"

/* Whether a list of entity tags has this one; "*" has every one. W/ makes no difference,
 * since every state here has bytes of its own. */
static bool
list_has(const char *list, const char *etag)
{
	size_t len = strlen(etag);

	while (*list != '\0') {
		list += strspn(list, " \t,");
		if (*list == '*')
			return true;
		if (strncmp(list, "W/", 2) == 0)
			list += 2;
		if (strncmp(list, etag, len) == 0 && strchr(" \t,", list[len]) != NULL)
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

static bool
client_has(const struct request *req, const char *etag, int64_t last_modified)
{
	int64_t since;

	if (req->if_none_match != NULL)
		return list_has(req->if_none_match, etag);
	return req->if_modified_since != NULL && last_modified != 0 &&
	       clock_http_parse(req->if_modified_since, &since) == 0 &&
	       last_modified <= since;
}

bool
conditional_not_modified(const struct request *req, struct response *res,
    const char *etag, int64_t last_modified)
{
	snprintf(res->etag, sizeof(res->etag), "%s", etag);
	res->last_modified = last_modified;
	if (!client_has(req, etag, last_modified))
		return false;
	res->status = 304;
	return true;
}

int
conditional_check(const struct request *req, const char *etag, struct error *err)
{
	if (req->if_match != NULL && (etag == NULL || !list_has(req->if_match, etag)))
		return error_set(err, ERROR_PRECONDITION,
		    "it was changed since: If-Match names another state");
	if (req->if_none_match != NULL && etag != NULL &&
	    list_has(req->if_none_match, etag))
		return error_set(
		    err, ERROR_PRECONDITION, "it exists: If-None-Match says otherwise");
	return 0;
}

int
conditional_hash(struct bytes octets, char hash[static ETAG_HASH_SIZE], struct error *err)
{
	unsigned char digest[(ETAG_HASH_SIZE - 1) / 2];

	if (EVP_Q_digest(NULL, "SHA256", NULL, octets.data, octets.len, digest, NULL) !=
	    1)
		return error_set_openssl(err, ERROR_INTERNAL, "hash of an answer");
	hex_encode(hash, digest, sizeof(digest));
	return 0;
}
