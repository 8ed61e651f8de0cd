/* keyusage.c - what a request asks of keyUsage, and what it gets. */
#include "ca/keyusage.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

ASN1_BIT_STRING *
keyusage_new(unsigned usage)
{
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
	unsigned char octet = (unsigned char)usage;

	if (bits != NULL && ASN1_BIT_STRING_set(bits, &octet, 1) != 1) {
		ASN1_BIT_STRING_free(bits);
		return NULL;
	}
	return bits;
}

/* The first octet; *more is what the second one adds. Nothing asked for is 0. */
static unsigned
asked_for(const struct csr *csr, bool *more)
{
	ASN1_BIT_STRING *bits =
	    X509V3_get_d2i(csr->extensions, NID_key_usage, NULL, NULL);
	const unsigned char *octets = bits != NULL ? ASN1_STRING_get0_data(bits) : NULL;
	int len = bits != NULL ? ASN1_STRING_length(bits) : 0;
	unsigned first = len > 0 ? octets[0] : 0;

	*more = len > 1;
	ASN1_BIT_STRING_free(bits);
	return first;
}

bool
keyusage_enciphers(const struct csr *csr, const struct profile *profile)
{
	bool more;

	return profile->allow_key_encipherment && csr->key != NULL &&
	       EVP_PKEY_is_a(csr->key, "RSA") &&
	       (asked_for(csr, &more) & KU_KEY_ENCIPHERMENT) != 0;
}

void
keyusage_warn(const struct csr *csr, const struct profile *profile, struct warnings *w)
{
	const bool enciphers = keyusage_enciphers(csr, profile);
	const unsigned granted =
	    KU_DIGITAL_SIGNATURE | (enciphers ? KU_KEY_ENCIPHERMENT : 0u);
	bool more;

	if ((asked_for(csr, &more) & ~granted) != 0 || more)
		warnings_add(w, "extension keyUsage was not copied");
}
