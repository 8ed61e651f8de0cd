/* fuzz_reference_pem.c - any text where a proxy has its key file: nothing is left on the
 * error queue, and a key that was read is written as a reference that is read again. */
#include "tests/fuzz/target.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>

#include "evp/reference.h"
#include "provider/pem.h"

/* 1 as pem_read_reference, which sees one block; the rest of the text is not its. */
static int
read_text(const void *text, size_t len, struct buffer *der)
{
	BIO *bio = BIO_new_mem_buf(text, (int)len);
	int found;

	must(bio != NULL);
	found = pem_read_reference(bio, der);
	must(ERR_peek_error() == 0);
	BIO_free(bio);
	return found;
}

static void
check_again(const struct key *key)
{
	struct buffer pem, der;
	struct bytes bytes;
	struct key again;

	buf_init(&pem, 0);
	buf_init(&der, REFERENCE_MAX_BYTES);
	must(reference_to_pem(key, &pem, NULL) == 0);
	must(read_text(pem.data, pem.len, &der) == 1);
	bytes = buf_bytes(&der);
	must(reference_decode(&bytes, &again, NULL) == 0);
	must(memcmp(again.spki_sha256, key->spki_sha256, KEY_SHA256_SIZE) == 0);
	must(strcmp(again.name, key->name) == 0);
	buf_free(&der);
	buf_free(&pem);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer der;
	struct bytes bytes;
	struct key key;

	buf_init(&der, REFERENCE_MAX_BYTES);
	if (read_text(data, size, &der) == 1) {
		bytes = buf_bytes(&der);
		if (reference_decode(&bytes, &key, NULL) == 0)
			check_again(&key);
	}
	buf_free(&der);
	return 0;
}
