/* keytext.c - a key as openssl pkey -text shows it. */
#include "provider/keytext.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>

#include "base/text.h"
#include "evp/spki.h"

#define INDENT 4

static int
print_public(BIO *bio, const struct spki *parts)
{
	if (key_type_is_rsa(parts->type))
		return ASN1_bn_print(bio, "Modulus:", parts->n, NULL, 0) &&
		       ASN1_bn_print(bio, "Exponent:", parts->e, NULL, 0);
	return BIO_puts(bio, "pub:\n") > 0 &&
	       ASN1_buf_print(bio, parts->point, parts->point_len, INDENT);
}

int
keytext_print(BIO *bio, const struct key *key)
{
	const struct key_type_info *info = key_type_info(key->type);
	struct bytes der = { .data = key->spki, .len = key->spki_len };
	char hash[2 * KEY_SHA256_SIZE + 1];
	struct spki parts;
	int ok;

	if (spki_read(&der, &parts, NULL) != 0)
		return 0;
	hex_encode(hash, key->spki_sha256, KEY_SHA256_SIZE);
	ok = BIO_printf(bio,
		 "Private-Key: held by keyhold, not here (%d bit)\n"
		 "Name: %s\nType: %s\nSPKI SHA-256: %s\n",
		 info->bits, key->name, info->name, hash) > 0 &&
	     print_public(bio, &parts) &&
	     (info->group == NULL || BIO_printf(bio, "ASN1 OID: %s\n", info->group) > 0);
	spki_clear(&parts);
	return ok;
}
