/* server_certificate.c - from a key's name to a certificate in the record. */
#include "service/server_certificate.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/x509v3.h>

#include "base/clock.h"

#define ROWS_MAX 10000

struct search {
	struct certificate_copy *copy;
	int64_t now;
};

/* Whoever may issue for the key by another profile must not take the listener over. */
static bool
is_for_servers(struct bytes der)
{
	const unsigned char *p = der.data;
	X509 *cert = d2i_X509(NULL, &p, (long)der.len);
	/* All bits are set where the certificate does not say. */
	uint32_t uses = cert != NULL ? X509_get_extended_key_usage(cert) : 0;

	X509_free(cert);
	return (uses & (XKU_SSL_SERVER | XKU_ANYEKU)) != 0;
}

/* They come in the order in which they were issued: the last one is the newest. */
static int
keep_valid(void *ctx, int64_t id, const struct certificate_row *row)
{
	struct search *search = ctx;

	(void)id;
	if (row->not_before <= search->now && is_for_servers(row->certificate))
		certificate_copy_take(search->copy, row);
	return 0;
}

/* found->copy stays empty when there is none. */
static int
find_of_key(struct api *api, const unsigned char spki_sha256[static KEY_SHA256_SIZE],
    struct server_certificate *found, struct error *err)
{
	struct search search = { .copy = &found->copy, .now = clock_now_s() };
	const struct certificate_filter filter = {
		.status = "valid",
		.spki_sha256 = spki_sha256,
		.limit = ROWS_MAX,
	};

	if (store_certificate_each(api->store, &filter, keep_valid, &search, err) != 0)
		return -1;
	if (certificate_copy_failed(&found->copy))
		return error_set(err, ERROR_INTERNAL, "out of memory");
	memcpy(found->spki_sha256, spki_sha256, KEY_SHA256_SIZE);
	return 0;
}

#define REPLACED_MAX 8

struct replaced {
	const char *name;
	size_t count;
	unsigned char hashes[REPLACED_MAX][KEY_SHA256_SIZE]; /* newest first */
	int64_t times[REPLACED_MAX];
};

static int
note_replaced(void *ctx, const struct key_row *row)
{
	struct replaced *keys = ctx;
	size_t i = keys->count;

	if (row->replaced == 0 || strcmp(row->name, keys->name) != 0)
		return 0;
	while (i > 0 && keys->times[i - 1] < row->replaced)
		i--;
	if (i == REPLACED_MAX)
		return 0;
	if (keys->count < REPLACED_MAX)
		keys->count++;
	for (size_t j = keys->count - 1; j > i; j--) {
		keys->times[j] = keys->times[j - 1];
		memcpy(keys->hashes[j], keys->hashes[j - 1], KEY_SHA256_SIZE);
	}
	keys->times[i] = row->replaced;
	memcpy(keys->hashes[i], row->spki_sha256, KEY_SHA256_SIZE);
	return 0;
}

static int
find_of_replaced(struct api *api, const char *name, struct server_certificate *found,
    struct error *err)
{
	struct replaced keys = { .name = name };

	if (store_key_each(api->store, note_replaced, &keys, err) != 0)
		return -1;
	for (size_t i = 0; i < keys.count && found->copy.row.certificate.len == 0; i++)
		if (find_of_key(api, keys.hashes[i], found, err) != 0)
			return -1;
	return 0;
}

int
server_certificate_find(struct api *api, const char *name,
    struct server_certificate *found, struct error *err)
{
	struct keystore_key key;

	*found = (struct server_certificate){ 0 };
	if (keyring_find(api->keys, name, &key, err) != 0)
		return -1;
	if (key.use == KEY_USE_CA)
		return error_set(err, ERROR_NOT_FOUND, "key %s has use ca", name);
	if (find_of_key(api, key.key.spki_sha256, found, err) != 0)
		return -1;
	if (found->copy.row.certificate.len == 0 &&
	    find_of_replaced(api, name, found, err) != 0)
		return -1;
	if (found->copy.row.certificate.len == 0)
		return error_set(
		    err, ERROR_NOT_FOUND, "key %s has no valid certificate", name);
	if (keyring_find_spki(api->keys, found->spki_sha256, &key, err) != 0)
		return -1;
	found->type = key.key.type;
	return 0;
}

void
server_certificate_clear(struct server_certificate *found)
{
	certificate_copy_clear(&found->copy);
}

/* Rather an intermediate than a root. */
static int
choose_issuer(void *ctx, const struct issuer_info *info)
{
	char *name = ctx;

	if (info->state == ISSUER_ACTIVE && (name[0] == '\0' || info->parent != NULL))
		snprintf(name, STORE_NAME_SIZE, "%s", info->name);
	return 0;
}

const char *
server_certificate_hint(
    struct api *api, const char *name, char text[static SERVER_CERTIFICATE_HINT_SIZE])
{
	char issuer[STORE_NAME_SIZE] = "", host[HOST_NAME_MAX + 1] = "";
	const char *first = "";

	authority_each_issuer(api->authority, choose_issuer, issuer);
	if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
		snprintf(host, sizeof(host), "localhost");
	if (issuer[0] == '\0') {
		snprintf(issuer, sizeof(issuer), "root");
		first = "keyhold ca create root --subject /CN=root; ";
	}
	snprintf(text, SERVER_CERTIFICATE_HINT_SIZE,
	    "%skeyhold cert issue %s --ca %s --san %s --out .", first, name, issuer,
	    host);
	return text;
}
