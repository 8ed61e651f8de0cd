/*
 * chain.c - what was ordered is what came.
 *
 * The server is trusted to certify, not to choose our key or to write what it likes into
 * files that a web server loads.
 */
#include "acme/chain.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/pem.h"

#define CERTIFICATES_MAX 10
#define BEGIN            "-----BEGIN CERTIFICATE-----"
#define END              "-----END CERTIFICATE-----"

static int
check_key(X509 *leaf, struct bytes csr, struct error *err)
{
	const unsigned char *at = csr.data;
	X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)csr.len);
	EVP_PKEY *asked = request != NULL ? X509_REQ_get0_pubkey(request) : NULL;
	EVP_PKEY *got = X509_get0_pubkey(leaf);
	int same = asked != NULL && got != NULL && EVP_PKEY_eq(asked, got) == 1;

	X509_REQ_free(request);
	return same ? 0
		    : error_set_openssl(err, ERROR_INTERNAL,
			  "the server's certificate is for another key than the request");
}

static bool
is_it(const GENERAL_NAME *name, const struct identifier *identifier)
{
	unsigned char octets[16];
	const ASN1_STRING *value = name->d.ia5;
	int len = strlen(identifier->value) < IDENTIFIER_MAX
		      ? (int)strlen(identifier->value)
		      : 0;

	if (strcmp(identifier->type, "dns") == 0)
		return name->type == GEN_DNS && ASN1_STRING_length(value) == len &&
		       strncasecmp((const char *)ASN1_STRING_get0_data(value),
			   identifier->value, (size_t)len) == 0;
	if (name->type != GEN_IPADD)
		return false;
	len = inet_pton(AF_INET, identifier->value, octets) == 1 ? 4 : 16;
	if (len == 16 && inet_pton(AF_INET6, identifier->value, octets) != 1)
		return false;
	value = name->d.iPAddress;
	return ASN1_STRING_length(value) == len &&
	       memcmp(ASN1_STRING_get0_data(value), octets, (size_t)len) == 0;
}

static int
check_names(X509 *leaf, const struct identifier *names, size_t count, struct error *err)
{
	GENERAL_NAMES *has = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++) {
		bool found = false;

		for (int j = 0; has != NULL && j < sk_GENERAL_NAME_num(has); j++)
			found |= is_it(sk_GENERAL_NAME_value(has, j), &names[i]);
		if (!found)
			rc = error_set(err, ERROR_INTERNAL,
			    "the server's certificate is not for %.100s", names[i].value);
	}
	GENERAL_NAMES_free(has);
	return rc;
}

static int
check_leaf(X509 *leaf, struct bytes csr, const struct identifier *names, size_t count,
    struct error *err)
{
	if (check_key(leaf, csr, err) != 0)
		return -1;
	return check_names(leaf, names, count, err);
}

/* The next block, from begin on; its end. */
static const char *
find_end(const char *begin, const char *limit)
{
	const char *end;

	if ((size_t)(limit - begin) < strlen(BEGIN) ||
	    strncmp(begin, BEGIN, strlen(BEGIN)) != 0)
		return NULL;
	end = memmem(begin, (size_t)(limit - begin), END, strlen(END));
	return end != NULL ? end + strlen(END) : NULL;
}

static int
refuse(struct error *err)
{
	return error_set(err, ERROR_INTERNAL,
	    "the server's chain is not certificates in PEM, %d at most",
	    CERTIFICATES_MAX);
}

/* One certificate, and nothing behind it. */
static int
read_one(struct bytes block, struct buffer *out, X509 **certificate, struct error *err)
{
	static const char *const labels[] = { "CERTIFICATE", NULL };
	const unsigned char *at;
	struct buffer der;
	int rc = -1;

	*certificate = NULL;
	buf_init(&der, 0);
	if (pem_read(block, labels, &der, err) == 0 && (at = der.data) != NULL &&
	    (*certificate = d2i_X509(NULL, &at, (long)der.len)) != NULL &&
	    at == der.data + der.len) {
		pem_append(out, "CERTIFICATE", buf_bytes(&der));
		rc = 0;
	} else {
		error_set_openssl(err, ERROR_INTERNAL, "the server's chain");
	}
	buf_free(&der);
	return rc;
}

int
chain_read(struct bytes pem, struct bytes csr, const struct identifier *names,
    size_t count, struct buffer *out, struct error *err)
{
	const char *at = (const char *)pem.data, *limit = at + pem.len, *end;
	int found = 0, rc = 0;
	X509 *certificate;

	while (rc == 0 && at < limit) {
		if (*at == '\n' || *at == '\r' || *at == ' ' || *at == '\t') {
			at++;
			continue;
		}
		if (found++ == CERTIFICATES_MAX || (end = find_end(at, limit)) == NULL)
			return refuse(err);
		rc = read_one(
		    (struct bytes){ (const unsigned char *)at, (size_t)(end - at) }, out,
		    &certificate, err);
		if (rc == 0 && found == 1)
			rc = check_leaf(certificate, csr, names, count, err);
		X509_free(certificate);
		at = end;
	}
	if (rc == 0 && found == 0)
		return refuse(err);
	return rc == 0 && buf_failed(out)
		   ? error_set(err, ERROR_INTERNAL, "out of memory")
		   : rc;
}
