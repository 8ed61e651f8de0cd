/* idempotency.c - reads the key, and asks the store what became of it. */
#include "api/idempotency.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/log.h"

/* A structured field's string is in quotes (RFC 9651 section 3.3.3); many send it bare.
 */
static struct bytes
unquote(const char *text)
{
	struct bytes key = { (const unsigned char *)text, strlen(text) };

	if (key.len >= 2 && text[0] == '"' && text[key.len - 1] == '"') {
		key.data++;
		key.len -= 2;
	}
	return key;
}

static int
read_key(const char *text, char out[static IDEMPOTENCY_KEY_MAX + 1], struct error *err)
{
	struct bytes key = unquote(text);
	bool fine = key.len >= 1 && key.len <= IDEMPOTENCY_KEY_MAX;

	for (size_t i = 0; fine && i < key.len; i++)
		fine = key.data[i] >= ' ' && key.data[i] < 0x7f && key.data[i] != '"' &&
		       key.data[i] != '\\';
	if (!fine)
		return error_set(err, ERROR_BAD_REQUEST,
		    "Idempotency-Key: 1 to %d printable ASCII characters without \" and "
		    "\\",
		    IDEMPOTENCY_KEY_MAX);
	memcpy(out, key.data, key.len);
	out[key.len] = '\0';
	return 0;
}

/* Each part ends with a NUL, which none of the texts can have, so none runs into the
 * next. */
static int
hash_request(const struct request *req, unsigned char hash[static 32], struct error *err)
{
	const char *parts[] = { req->method, req->target,
		req->content_type != NULL ? req->content_type : "" };
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	int ok = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;

	for (size_t i = 0; ok == 1 && i < sizeof(parts) / sizeof(parts[0]); i++)
		ok = EVP_DigestUpdate(md, parts[i], strlen(parts[i]) + 1);
	ok = ok == 1 && EVP_DigestUpdate(md, req->body.data, req->body.len) == 1 &&
	     EVP_DigestFinal_ex(md, hash, NULL) == 1;
	EVP_MD_CTX_free(md);
	return ok ? 0 : error_set_openssl(err, ERROR_INTERNAL, "hash a request");
}

static int
judge(enum idempotency_state state, struct error *err)
{
	switch (state) {
	case IDEMPOTENCY_IN_FLIGHT:
		return error_set(err, ERROR_IN_FLIGHT,
		    "a request with this Idempotency-Key is being answered");
	case IDEMPOTENCY_OTHER:
		return error_set(err, ERROR_KEY_REUSED,
		    "this Idempotency-Key was sent with another request; take a new one");
	case IDEMPOTENCY_NEW:
	case IDEMPOTENCY_DONE:
		break;
	}
	return 0;
}

int
idempotent_begin(
    const struct exchange *x, struct idempotent *idempotent, struct error *err)
{
	struct idempotency *entry = &idempotent->entry;
	enum idempotency_state state;

	*idempotent = (struct idempotent){ 0 };
	if (x->req->idempotency_key == NULL)
		return 0;
	if (read_key(x->req->idempotency_key, idempotent->key, err) != 0 ||
	    hash_request(x->req, entry->request_sha256, err) != 0)
		return -1;
	entry->requester = x->req->caller->actor;
	entry->key = idempotent->key;
	if (store_idempotency_begin(
		x->api->store, entry, &state, idempotent->serial, err) != 0)
		return -1;
	return judge(state, err);
}

void
idempotent_abandon(const struct exchange *x, const struct idempotent *idempotent)
{
	char quoted[LOG_QUOTED_MAX];
	struct error why;

	if (idempotent->entry.key != NULL &&
	    store_idempotency_abandon(x->api->store, &idempotent->entry, &why) != 0)
		log_error("idempotency.left", "why=\"%s\"", log_quoted(quoted, why.text));
}
