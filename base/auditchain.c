/* auditchain.c - lengths go before texts, so that no two entries have the same bytes. */
#include "base/auditchain.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/outcome.h"
#include "base/text.h"

#define HEAD_DOMAIN "keyhold audit head v1"

/* "3:web,". */
static void
append_field(struct buffer *text, const char *field)
{
	buf_printf(text, "%zu:%s,", strlen(field), field);
}

/* Version 1 begins with a digit, so that nothing is an entry of both. */
static void
append_entry(struct buffer *text, const struct audit_row *row)
{
	if (row->version != 1)
		buf_printf(text, "v%lld,", (long long)row->version);
	buf_printf(text, "%lld,%lld,", (long long)row->seq, (long long)row->time);
	append_field(text, row->actor);
	append_field(text, row->action);
	append_field(text, row->object);
	if (row->version != 1) {
		append_field(text, row->outcome);
		append_field(text, row->request);
	}
	append_field(text, row->detail);
}

static bool
is_known(const struct audit_row *row)
{
	if (row->version == 1)
		return strcmp(row->outcome, outcome_name(OUTCOME_OK)) == 0 &&
		       row->request[0] == '\0';
	return row->version == AUDIT_VERSION;
}

int
auditchain_hash(const unsigned char previous[static AUDIT_HASH_BYTES],
    const struct audit_row *row, unsigned char hash[static AUDIT_HASH_BYTES],
    struct error *err)
{
	struct buffer text;
	int rc = -1;

	if (!is_known(row))
		return error_set(err, ERROR_BAD_REQUEST,
		    "audit entry %lld: no entry of version %lld is like it",
		    (long long)row->seq, (long long)row->version);
	buf_init(&text, 0);
	buf_append(&text, previous, AUDIT_HASH_BYTES);
	append_entry(&text, row);
	if (buf_failed(&text))
		error_set(err, ERROR_INTERNAL, "out of memory");
	else if (EVP_Digest(text.data, text.len, hash, NULL, EVP_sha256(), NULL) != 1)
		error_set_openssl(err, ERROR_INTERNAL, "SHA-256");
	else
		rc = 0;
	buf_free(&text);
	return rc;
}

void
auditchain_head_text(const struct audit_head *head, struct buffer *text)
{
	char hash[2 * AUDIT_HASH_BYTES + 1];

	hex_encode(hash, head->hash, AUDIT_HASH_BYTES);
	buf_printf(text, HEAD_DOMAIN "\n%lld\n%s\n%lld\n", (long long)head->seq, hash,
	    (long long)head->time);
}

int
auditchain_head_verify(const struct audit_head *head, struct error *err)
{
	const unsigned char *p = head->spki.data;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)head->spki.len);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct buffer text;
	int rc = 0;

	buf_init(&text, 0);
	auditchain_head_text(head, &text);
	if (buf_failed(&text) || ctx == NULL)
		rc = error_set(err, ERROR_INTERNAL, "out of memory");
	else if (key == NULL ||
		 EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL) !=
		     1 ||
		 EVP_DigestVerify(ctx, head->signature.data, head->signature.len,
		     text.data, text.len) != 1)
		rc = error_set_openssl(err, ERROR_BAD_REQUEST, "signature of a head");
	buf_free(&text);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return rc;
}
