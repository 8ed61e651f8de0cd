/* alpncert.c - subjectAltName, acmeIdentifier, a signature. */
#include "acme/alpncert.h"

#include <string.h>

#include <openssl/objects.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define ACME_IDENTIFIER "1.3.6.1.5.5.7.1.31"
#define LIFE_S          86400

static int
add_names(X509 *certificate, const struct identifier *identifier)
{
	char value[IDENTIFIER_MAX + 8];
	X509_EXTENSION *extension;
	X509V3_CTX ctx;
	int ok;

	snprintf(value, sizeof(value), "%s:%s",
	    strcmp(identifier->type, "ip") == 0 ? "IP" : "DNS",
	    identifier_base(identifier));
	X509V3_set_ctx(&ctx, certificate, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, value);
	ok = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return ok ? 0 : -1;
}

/* SHA-256 of the authorization, an OCTET STRING in an extension that is critical. */
static int
add_proof(X509 *certificate, const char *authorization)
{
	unsigned char der[2 + SHA256_DIGEST_LENGTH] = { V_ASN1_OCTET_STRING,
		SHA256_DIGEST_LENGTH };
	ASN1_OBJECT *object = OBJ_txt2obj(ACME_IDENTIFIER, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension = NULL;
	int ok;

	SHA256((const unsigned char *)authorization, strlen(authorization), der + 2);
	ok = object != NULL && value != NULL &&
	     ASN1_OCTET_STRING_set(value, der, sizeof(der)) == 1 &&
	     (extension = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value)) != NULL &&
	     X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(object);
	return ok ? 0 : -1;
}

static int
fill(X509 *certificate, EVP_PKEY *key, const struct proof *proof)
{
	X509_NAME *name = X509_NAME_new();
	int ok = name != NULL &&
		 X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		     (const unsigned char *)"ACME challenge", -1, -1, 0) == 1 &&
		 X509_set_version(certificate, X509_VERSION_3) == 1 &&
		 ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
		 X509_set_subject_name(certificate, name) == 1 &&
		 X509_set_issuer_name(certificate, name) == 1 &&
		 X509_gmtime_adj(X509_getm_notBefore(certificate), -LIFE_S) != NULL &&
		 X509_gmtime_adj(X509_getm_notAfter(certificate), LIFE_S) != NULL &&
		 X509_set_pubkey(certificate, key) == 1;

	X509_NAME_free(name);
	if (!ok || add_names(certificate, proof->identifier) != 0)
		return -1;
	return add_proof(certificate, proof->authorization);
}

/* The digest that goes with the key: none for Ed25519. */
static int
sign(OSSL_LIB_CTX *libctx, X509 *certificate, EVP_PKEY *key)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	char digest[32] = "";
	int ok;

	if (EVP_PKEY_get_default_digest_name(key, digest, sizeof(digest)) <= 0 ||
	    strcmp(digest, "UNDEF") == 0)
		digest[0] = '\0';
	ok = ctx != NULL &&
	     EVP_DigestSignInit_ex(ctx, NULL, digest[0] != '\0' ? digest : NULL, libctx,
		 NULL, key, NULL) == 1 &&
	     X509_sign_ctx(certificate, ctx) > 0;
	EVP_MD_CTX_free(ctx);
	return ok ? 0 : -1;
}

int
alpncert_make(OSSL_LIB_CTX *libctx, EVP_PKEY *key, const struct proof *proof,
    X509 **certificate, struct error *err)
{
	*certificate = X509_new_ex(libctx, NULL);
	if (*certificate != NULL && fill(*certificate, key, proof) == 0 &&
	    sign(libctx, *certificate, key) == 0)
		return 0;
	X509_free(*certificate);
	*certificate = NULL;
	return error_set_openssl(err, ERROR_INTERNAL, "the certificate of tls-alpn-01");
}
