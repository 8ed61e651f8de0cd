/* authority_trust.c - the ends of the chains that are in use. */
#include "ca/authority_trust.h"

#include <string.h>

#include <openssl/x509v3.h>

#include "ca/authority_state.h"
#include "ca/certtext.h"

/* The certificate at the end of the chain, or NULL when the chain has no root. */
static X509 *
find_root(struct issuers *issuers, struct issuer *issuer)
{
	X509 *last;

	while (issuer->info.parent != NULL)
		if (issuers_find(issuers, issuer->info.parent, &issuer, NULL) != 0)
			return NULL;
	if (issuer_is_root(issuer))
		return issuer->cert;
	last = sk_X509_value(issuer->outside, sk_X509_num(issuer->outside) - 1);
	return last != NULL && (X509_get_extension_flags(last) & EXFLAG_SS) != 0 ? last
										 : NULL;
}

static bool
is_in_use(const struct issuer *issuer)
{
	return issuer->row.state == ISSUER_ACTIVE || issuer->row.state == ISSUER_RETIRING;
}

/* Several chains may end with the same. */
static int
append_once(X509 *root, struct buffer *pem, struct error *err)
{
	struct buffer der, block;
	int rc;

	buf_init(&der, 0);
	buf_init(&block, 0);
	if ((rc = certtext_der(root, &der, err)) == 0) {
		certtext_pem(buf_bytes(&der), &block);
		if (strstr(buf_string(pem), buf_string(&block)) == NULL)
			buf_append(pem, block.data, block.len);
		if (buf_failed(&block) || buf_failed(pem))
			rc = error_set(err, ERROR_INTERNAL, "out of memory");
	}
	buf_free(&der);
	buf_free(&block);
	return rc;
}

int
authority_trust(
    struct authority *authority, int64_t now, struct buffer *pem, struct error *err)
{
	struct issuer *issuer = NULL;
	time_t at = (time_t)now;
	X509 *root;

	while ((issuer = issuers_next(&authority->issuers, issuer)) != NULL) {
		if (!is_in_use(issuer) ||
		    (root = find_root(&authority->issuers, issuer)) == NULL ||
		    X509_cmp_time(X509_get0_notAfter(root), &at) < 0)
			continue;
		if (append_once(root, pem, err) != 0)
			return -1;
	}
	return pem->len > 0
		   ? 0
		   : error_set(err, ERROR_NOT_FOUND, "there is no root to trust yet");
}
