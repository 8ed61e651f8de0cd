/* keyusage.c - what a request asks of keyUsage, and what it gets. */
#include "ca/keyusage.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

/* The first octet of the bit string. */
#define DIGITAL_SIGNATURE 0x80
#define KEY_ENCIPHERMENT  0x20

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
	       (asked_for(csr, &more) & KEY_ENCIPHERMENT) != 0;
}

void
keyusage_warn(const struct csr *csr, const struct profile *profile, struct warnings *w)
{
	const bool enciphers = keyusage_enciphers(csr, profile);
	const unsigned granted = DIGITAL_SIGNATURE | (enciphers ? KEY_ENCIPHERMENT : 0u);
	bool more;

	if ((asked_for(csr, &more) & ~granted) != 0 || more)
		warnings_add(w, "extension keyUsage was not copied");
}
