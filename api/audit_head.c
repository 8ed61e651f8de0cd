/* audit_head.c - from the end of the record to a signed head in the store. */
#include "api/audit_head.h"

#include <string.h>

#include <openssl/evp.h>

#include "api/changes.h"
#include "api/newkey.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/audit.h"

/* What was signed last. */
struct last_head {
	struct audit_mark mark;
	unsigned char spki_sha256[KEY_SHA256_SIZE];
};

static int
keep_head(void *ctx, int64_t id, const struct audit_head *head)
{
	struct last_head *last = ctx;

	(void)id;
	last->mark.seq = head->seq;
	memcpy(last->mark.hash, head->hash, sizeof(last->mark.hash));
	/* Of no key, if it fails: then the current one signs. */
	if (EVP_Digest(head->spki.data, head->spki.len, last->spki_sha256, NULL,
		EVP_sha256(), NULL) != 1)
		memset(last->spki_sha256, 0, sizeof(last->spki_sha256));
	return 0;
}

/* Made here, where there is none. */
static int
take_key(struct api *api, struct keystore_key *key, struct error *err)
{
	static const struct caller self = { .actor = AUDIT_SELF };
	const struct keyring_place place = { .name = AUDIT_KEY, .use = KEY_USE_AUDIT };
	const struct request nobodys = { .id = "", .caller = &self };
	struct exchange x = { .api = api, .req = &nobodys };
	int rc = 0;

	/* One that is there waits for no change of another. */
	if (keyring_find(api->keys, AUDIT_KEY, key, NULL) != 0 &&
	    (rc = changes_begin(api, err)) == 0) {
		if (keyring_find(api->keys, AUDIT_KEY, key, NULL) != 0)
			rc = create_key(&x, &place, KEY_EC_P256, key, err);
		changes_end(api);
	}
	if (rc == 0 && key->use != KEY_USE_AUDIT)
		return error_set(err, ERROR_CONFLICT,
		    "key %s, which is to sign the audit record, is of use %s", AUDIT_KEY,
		    key_use_name(key->use));
	return rc;
}

static int
sign_with(struct api *api, const struct keystore_key *key, struct audit_head head,
    struct error *err)
{
	unsigned char sig[SIGNATURE_MAX_BYTES];
	struct buffer text;
	struct bytes message;
	size_t len;
	int rc;

	buf_init(&text, 0);
	head.time = clock_now_s();
	auditchain_head_text(&head, &text);
	message = buf_bytes(&text);
	rc = buf_failed(&text)
		 ? error_set(err, ERROR_INTERNAL, "out of memory")
		 : keyring_sign(api->keys, key->key.spki_sha256,
		       SCHEME_ECDSA_SECP256R1_SHA256, &message, sig, &len, err);
	buf_free(&text);
	if (rc != 0)
		return -1;
	head.spki = (struct bytes){ key->key.spki, key->key.spki_len };
	head.signature = (struct bytes){ sig, len };
	return store_audit_head_add(api->store, &head, err);
}

/* Only without the old key is there no hand-over: then whoever pinned it has to be told
 * of the new one. While the token is away the head waits. */
static int
hand_over(struct api *api, const struct last_head *last, const struct audit_head *end,
    struct error *err)
{
	char quoted[LOG_QUOTED_MAX];
	struct keystore_key old;
	struct error why;

	if (keyring_find_spki(api->keys, last->spki_sha256, &old, &why) == 0)
		return sign_with(api, &old, *end, err);
	if (why.code != ERROR_NOT_FOUND)
		return error_set(err, why.code, "%s", why.text);
	log_error("audit.key-not-handed-over", "key=%s why=\"%s\"", AUDIT_KEY,
	    log_quoted(quoted, why.text));
	return 0;
}

struct comparison {
	const struct audit_mark *mark;
	bool holds;
};

static int
compare(void *ctx, const struct audit_row *row)
{
	struct comparison *c = ctx;

	c->holds = row->seq == c->mark->seq &&
		   memcmp(row->hash, c->mark->hash, sizeof(row->hash)) == 0;
	return 1;
}

static int
check_mark(struct api *api, const struct audit_mark *mark, struct error *err)
{
	struct comparison c = { .mark = mark };

	if (mark->seq == 0)
		return 0;
	if (store_audit_each(api->store, mark->seq - 1, 1, compare, &c, err) != 0)
		return -1;
	if (c.holds)
		return 0;
	return error_set(err, ERROR_TAMPERED,
	    "entry %lld is not there as it was signed: keyhold audit verify says more",
	    (long long)mark->seq);
}

static int
sign_end(struct api *api, const struct keystore_key *key, const struct audit_head *end,
    struct error *err)
{
	struct last_head last = { 0 };
	bool same_key;

	if (store_audit_head_last(api->store, keep_head, &last, err) != 0)
		return -1;
	same_key = memcmp(last.spki_sha256, key->key.spki_sha256, KEY_SHA256_SIZE) == 0;
	if (end->seq == last.mark.seq && same_key)
		return 0;
	if (last.mark.seq != 0 && !same_key && hand_over(api, &last, end, err) != 0)
		return -1;
	return sign_with(api, key, *end, err);
}

int
audit_head_sign(struct api *api, struct audit_mark *last, struct error *err)
{
	struct audit_head end;
	struct keystore_key key;

	if (check_mark(api, last, err) != 0 || take_key(api, &key, err) != 0 ||
	    store_audit_end(api->store, &end, err) != 0 ||
	    sign_end(api, &key, &end, err) != 0)
		return -1;
	last->seq = end.seq;
	memcpy(last->hash, end.hash, sizeof(last->hash));
	return 0;
}

/* What the token has lost hands nothing over; and while the token is away, nothing is
 * destroyed there either. */
static bool
can_sign(struct api *api, const struct keystore_key *key)
{
	static const struct bytes nothing = { (const unsigned char *)"", 0 };
	unsigned char sig[SIGNATURE_MAX_BYTES];
	struct error err;
	size_t len;

	return keyring_sign(api->keys, key->key.spki_sha256,
		   SCHEME_ECDSA_SECP256R1_SHA256, &nothing, sig, &len, &err) == 0;
}

int
audit_head_check_unneeded(
    struct api *api, const struct keystore_key *key, struct error *err)
{
	struct last_head last = { 0 };

	if (key->replaced == 0)
		return error_set(err, ERROR_CONFLICT,
		    "key %s signs the audit record: rotate it first", key->key.name);
	if (store_audit_head_last(api->store, keep_head, &last, err) != 0)
		return -1;
	if (memcmp(last.spki_sha256, key->key.spki_sha256, KEY_SHA256_SIZE) != 0 ||
	    !can_sign(api, key))
		return 0;
	return error_set(err, ERROR_CONFLICT,
	    "key %s signed the newest head of the audit record: it is needed until the "
	    "next, where it hands over to the key that replaced it",
	    key->key.name);
}

int
audit_head_check(struct api *api, struct error *err)
{
	struct last_head last = { 0 };

	if (store_audit_head_last(api->store, keep_head, &last, err) != 0)
		return -1;
	return check_mark(api, &last.mark, err);
}
