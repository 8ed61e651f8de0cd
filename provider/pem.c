/* pem.c - tells a key reference from other PEM blocks (RFC 7468). */
#include "provider/pem.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "evp/reference.h"

int
pem_read_reference(BIO *bio, struct buffer *der)
{
	char *label = NULL, *header = NULL;
	unsigned char *data = NULL;
	long len = 0;
	int found = 0;

	ERR_set_mark();
	if (PEM_read_bio(bio, &label, &header, &data, &len) == 1 &&
	    strcmp(label, REFERENCE_PEM_LABEL) == 0) {
		buf_append(der, data, (size_t)len);
		found = !buf_failed(der);
	}
	ERR_pop_to_mark();
	OPENSSL_free(label);
	OPENSSL_free(header);
	/* It may have been somebody's private key. */
	OPENSSL_clear_free(data, (size_t)len);
	return found;
}
