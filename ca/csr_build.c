/* csr_build.c - makes a certification request for a key of ours. */
#include "ca/csr.h"

#include <openssl/x509v3.h>

#include "base/pem.h"
#include "ca/keyusage.h"
#include "ca/san.h"
#include "ca/signer.h"
#include "ca/subject.h"

static int
set_subject(X509_REQ *req, const char *text, struct error *err)
{
	X509_NAME *name = NULL;
	int rc = 0;

	if (subject_from_text(text != NULL ? text : "", &name, err) != 0)
		return -1;
	if (X509_REQ_set_subject_name(req, name) != 1)
		rc = error_set_openssl(err, ERROR_INTERNAL, "subject of a request");
	X509_NAME_free(name);
	return rc;
}

static int
add_names(X509_EXTENSIONS **extensions, const struct csr_spec *spec, struct error *err)
{
	GENERAL_NAMES *names = NULL;
	int rc = 0;

	if (spec->san_count == 0)
		return 0;
	if (san_from_text(spec->sans, spec->san_count, &names, err) != 0)
		return -1;
	if (X509V3_add1_i2d(
		extensions, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) != 1)
		rc = error_set_openssl(err, ERROR_INTERNAL, "names of a request");
	GENERAL_NAMES_free(names);
	return rc;
}

static int
add_basic_constraints(
    X509_EXTENSIONS **extensions, const struct csr_spec *spec, struct error *err)
{
	BASIC_CONSTRAINTS *bc;
	int rc = -1;

	if (!spec->authority)
		return 0;
	if ((bc = BASIC_CONSTRAINTS_new()) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	bc->ca = 0xff;
	if ((spec->path_len < 0 ||
		((bc->pathlen = ASN1_INTEGER_new()) != NULL &&
		    ASN1_INTEGER_set(bc->pathlen, spec->path_len) == 1)) &&
	    X509V3_add1_i2d(
		extensions, NID_basic_constraints, bc, 1, X509V3_ADD_DEFAULT) == 1)
		rc = 0;
	else
		error_set_openssl(err, ERROR_INTERNAL, "constraints of a request");
	BASIC_CONSTRAINTS_free(bc);
	return rc;
}

/* Without the wish the usage is left to the authority. */
static int
add_key_usage(
    X509_EXTENSIONS **extensions, const struct csr_spec *spec, struct error *err)
{
	const unsigned usage = spec->authority
				   ? KU_KEY_CERT_SIGN | KU_CRL_SIGN
				   : KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT;
	ASN1_BIT_STRING *bits;
	int rc = 0;

	if (!spec->key_encipherment && !spec->authority)
		return 0;
	if ((bits = keyusage_new(usage)) == NULL ||
	    X509V3_add1_i2d(extensions, NID_key_usage, bits, 1, X509V3_ADD_DEFAULT) != 1)
		rc = error_set_openssl(err, ERROR_INTERNAL, "key usage of a request");
	ASN1_BIT_STRING_free(bits);
	return rc;
}

static int
set_extensions(X509_REQ *req, const struct csr_spec *spec, struct error *err)
{
	X509_EXTENSIONS *extensions = NULL;
	int rc = -1;

	if (add_names(&extensions, spec, err) != 0 ||
	    add_basic_constraints(&extensions, spec, err) != 0 ||
	    add_key_usage(&extensions, spec, err) != 0)
		goto out;
	if (extensions != NULL && X509_REQ_add_extensions(req, extensions) != 1) {
		error_set_openssl(err, ERROR_INTERNAL, "extensions of a request");
		goto out;
	}
	rc = 0;
out:
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	return rc;
}

static int
sign(X509_REQ *req, OSSL_LIB_CTX *libctx, EVP_PKEY *key, struct error *err)
{
	struct signer signer;
	int rc = 0;

	if (signer_init(&signer, libctx, key, err) != 0)
		return -1;
	if (X509_REQ_sign_ctx(req, signer.ctx) <= 0)
		rc = error_set_openssl(err, ERROR_TOKEN, "sign a request");
	signer_clear(&signer);
	return rc;
}

static int
append_pem(const X509_REQ *req, struct buffer *pem, struct error *err)
{
	unsigned char *der = NULL;
	int len = i2d_X509_REQ(req, &der);

	if (len <= 0)
		return error_set_openssl(err, ERROR_INTERNAL, "encode a request");
	pem_append(pem, "CERTIFICATE REQUEST", (struct bytes){ der, (size_t)len });
	OPENSSL_free(der);
	return buf_failed(pem) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
}

int
csr_build(OSSL_LIB_CTX *libctx, const struct csr_spec *spec, struct buffer *pem,
    struct error *err)
{
	X509_REQ *req = X509_REQ_new_ex(libctx, NULL);
	int rc = -1;

	if (req == NULL || X509_REQ_set_version(req, X509_REQ_VERSION_1) != 1 ||
	    X509_REQ_set_pubkey(req, spec->key) != 1) {
		error_set_openssl(err, ERROR_INTERNAL, "make a request");
		goto out;
	}
	if (set_subject(req, spec->subject, err) != 0 ||
	    set_extensions(req, spec, err) != 0 || sign(req, libctx, spec->key, err) != 0)
		goto out;
	rc = append_pem(req, pem, err);
out:
	X509_REQ_free(req);
	return rc;
}
