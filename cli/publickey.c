/* publickey.c - the hash of a SubjectPublicKeyInfo, from whatever it stands in. */
#include "cli/publickey.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/text.h"

#define FILE_MAX_BYTES 65536
#define HASH_BYTES     32
#define PREFIX         "spki:"
#define DER_SEQUENCE   0x30

/*
 * Each encodes the SubjectPublicKeyInfo in der anew: its length, or less than 1 when
 * there is none. (X509_PUBKEY_dup of OpenSSL 3.0 makes something else of it.)
 */
static int
from_certificate(struct bytes der, unsigned char **spki)
{
	const unsigned char *p = der.data;
	X509 *cert = d2i_X509(NULL, &p, (long)der.len);
	int len = cert != NULL ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), spki) : -1;

	X509_free(cert);
	return len;
}

static int
from_request(struct bytes der, unsigned char **spki)
{
	const unsigned char *p = der.data;
	X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)der.len);
	int len = req != NULL ? i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(req), spki) : -1;

	X509_REQ_free(req);
	return len;
}

static int
from_itself(struct bytes der, unsigned char **spki)
{
	const unsigned char *p = der.data;
	X509_PUBKEY *key = d2i_X509_PUBKEY(NULL, &p, (long)der.len);
	int len = key != NULL ? i2d_X509_PUBKEY(key, spki) : -1;

	X509_PUBKEY_free(key);
	return len;
}

static const struct {
	const char *label;
	int (*encode)(struct bytes der, unsigned char **spki);
} kinds[] = {
	{ "CERTIFICATE", from_certificate },
	{ "CERTIFICATE REQUEST", from_request },
	{ "NEW CERTIFICATE REQUEST", from_request },
	{ "PUBLIC KEY", from_itself },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static int
hash_spki(struct bytes spki, char hex[static PUBLICKEY_HEX_SIZE])
{
	unsigned char hash[HASH_BYTES];

	if (EVP_Digest(spki.data, spki.len, hash, NULL, EVP_sha256(), NULL) != 1)
		return -1;
	hex_encode(hex, hash, sizeof(hash));
	return 0;
}

/* label is NULL for DER, of which only trying tells what it is. */
static int
hash_der(const char *label, struct bytes der, char hex[static PUBLICKEY_HEX_SIZE])
{
	unsigned char *spki = NULL;
	int len = -1, rc = -1;

	for (size_t i = 0; i < KINDS && len < 1; i++)
		if (label == NULL || strcmp(label, kinds[i].label) == 0)
			len = kinds[i].encode(der, &spki);
	if (len > 0)
		rc = hash_spki((struct bytes){ spki, (size_t)len }, hex);
	OPENSSL_free(spki);
	return rc;
}

static int
hash_pem(struct bytes text, char hex[static PUBLICKEY_HEX_SIZE])
{
	BIO *bio = BIO_new_mem_buf(text.data, (int)text.len);
	char *label = NULL, *header = NULL;
	unsigned char *der = NULL;
	long len = 0;
	int rc = -1;

	if (bio != NULL && PEM_read_bio(bio, &label, &header, &der, &len) == 1)
		rc = hash_der(label, (struct bytes){ der, (size_t)len }, hex);
	OPENSSL_free(label);
	OPENSSL_free(header);
	OPENSSL_clear_free(der, (size_t)len);
	BIO_free(bio);
	return rc;
}

static int
read_file(const char *path, char hex[static PUBLICKEY_HEX_SIZE], struct error *err)
{
	struct buffer content;
	struct error why;
	int rc = -1;

	buf_init(&content, 0);
	/* A file that is too large is a wrong file, not a refusal of the daemon. */
	if (file_read(path, FILE_MAX_BYTES, &content, &why) != 0) {
		error_set(err, ERROR_IO, "%s", why.text);
		goto out;
	}
	if (content.len > 0 && content.data[0] == DER_SEQUENCE)
		rc = hash_der(NULL, buf_bytes(&content), hex);
	else if (content.len > 0)
		rc = hash_pem(buf_bytes(&content), hex);
	if (rc != 0)
		error_set(err, ERROR_IO,
		    "%s is neither a certificate, nor a certificate request, nor a "
		    "public key; for a hash say spki:HASH",
		    path);
out:
	ERR_clear_error();
	buf_free(&content);
	return rc;
}

int
publickey_read(const char *text, char hex[static PUBLICKEY_HEX_SIZE], struct error *err)
{
	unsigned char hash[HASH_BYTES];

	if (strncmp(text, PREFIX, strlen(PREFIX)) != 0)
		return read_file(text, hex, err);
	if (hex_decode(hash, sizeof(hash), text + strlen(PREFIX)) != 0)
		return error_set(err, ERROR_CONFIG,
		    "\"%.80s\" is not a key: spki: and the 64 hex digits of its SHA-256",
		    text);
	hex_encode(hex, hash, sizeof(hash));
	return 0;
}
