/* anchors.c - reads each certificate, and refuses what no chain can end at. */
#include "ca/anchors.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

struct reading {
	OSSL_LIB_CTX *libctx;
	struct bytes pem;
	const char *name;
	BIO *in;
	size_t count;
};

/* That of the first certificate which is not read yet. */
static size_t
line_of(const struct reading *r, size_t left)
{
	static const char begin[] = "-----BEGIN";
	size_t line = 1, at = r->pem.len - left;

	for (size_t i = 0; i < r->pem.len; i++) {
		if (i >= at && r->pem.len - i >= sizeof(begin) - 1 &&
		    memcmp(r->pem.data + i, begin, sizeof(begin) - 1) == 0)
			break;
		line += r->pem.data[i] == '\n';
	}
	return line;
}

static const char *
find_fault(X509 *cert)
{
	if (X509_check_purpose(cert, -1, 0) != 1)
		return "an extension of the certificate cannot be read";
	if (X509_check_ca(cert) != 1)
		return "not the certificate of an authority";
	return NULL;
}

static int
refuse(const struct reading *r, size_t left, const char *why, struct error *err)
{
	ERR_clear_error();
	return error_set(err, ERROR_CONFIG, "%s:%zu: %s", r->name, line_of(r, left), why);
}

/* *more is false after the last. */
static int
read_next(struct reading *r, X509_STORE *anchors, bool *more, struct error *err)
{
	size_t left = BIO_pending(r->in) > 0 ? (size_t)BIO_pending(r->in) : 0;
	X509 *cert = X509_new_ex(r->libctx, NULL);
	const char *why;
	int rc = 0;

	if (cert == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	*more = PEM_read_bio_X509(r->in, &cert, NULL, NULL) != NULL;
	if (!*more) {
		if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
			rc = refuse(r, left, "a certificate that cannot be read", err);
		ERR_clear_error();
	} else if ((why = find_fault(cert)) != NULL) {
		rc = refuse(r, left, why, err);
	} else if (X509_STORE_add_cert(anchors, cert) != 1) {
		rc = error_set_openssl(err, ERROR_INTERNAL, r->name);
	} else {
		r->count++;
	}
	X509_free(cert);
	return rc;
}

int
anchors_read(OSSL_LIB_CTX *libctx, struct bytes pem, const char *name,
    X509_STORE **anchors, struct error *err)
{
	struct reading r = { .libctx = libctx, .pem = pem, .name = name };
	X509_STORE *store = X509_STORE_new();
	bool more = true;
	int rc = -1;

	/* An empty file has no data to point to. */
	r.in = BIO_new_mem_buf(pem.len > 0 ? (const void *)pem.data : "", (int)pem.len);
	if (store == NULL || r.in == NULL) {
		error_set(err, ERROR_INTERNAL, "out of memory");
		goto out;
	}
	while (more)
		if (read_next(&r, store, &more, err) != 0)
			goto out;
	if (r.count == 0) {
		error_set(err, ERROR_CONFIG, "%s: no certificate in PEM", name);
		goto out;
	}
	*anchors = store;
	store = NULL; /* handed over */
	rc = 0;
out:
	BIO_free(r.in);
	X509_STORE_free(store);
	return rc;
}
