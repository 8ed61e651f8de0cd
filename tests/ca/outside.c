/* outside.c - certificates of authorities, made without any code that is tested. */
#include "tests/ca/outside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/x509v3.h>

#include "ca/certtext.h"

static void
extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	assert_non_null(ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value));
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

static void
extend_all(X509 *cert, X509 *issuer, const struct making *m)
{
	extend(cert, issuer, NID_basic_constraints, m->basic);
	if (m->usage != NULL)
		extend(cert, cert, NID_key_usage, m->usage);
	if (!m->no_key_id)
		extend(cert, cert, NID_subject_key_identifier, "hash");
}

static X509_NAME *
name_of(const char *cn)
{
	X509_NAME *name = X509_NAME_new();

	if (cn != NULL)
		X509_NAME_add_entry_by_txt(
		    name, "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0);
	return name;
}

X509 *
outside_make(EVP_PKEY *key, X509 *issuer, EVP_PKEY *signer, const struct making *m)
{
	X509 *cert = X509_new();
	X509_NAME *name = name_of(m->cn);

	X509_set_version(cert, m->version_1 ? X509_VERSION_1 : X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 4711);
	X509_gmtime_adj(X509_getm_notBefore(cert), m->from_s);
	X509_gmtime_adj(X509_getm_notAfter(cert), m->until_s);
	X509_set_subject_name(cert, name);
	X509_set_issuer_name(cert, issuer != NULL ? X509_get_subject_name(issuer) : name);
	X509_set_pubkey(cert, key);
	if (!m->version_1)
		extend_all(cert, issuer != NULL ? issuer : cert, m);
	assert_true(X509_sign(cert, signer, EVP_sha256()) > 0);
	X509_NAME_free(name);
	return cert;
}

void
outside_append(X509 *cert, struct buffer *pem)
{
	struct buffer der;

	buf_init(&der, 0);
	assert_int_equal(certtext_der(cert, &der, NULL), 0);
	certtext_pem(buf_bytes(&der), pem);
	buf_free(&der);
}
