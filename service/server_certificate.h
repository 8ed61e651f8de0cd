/*
 * server_certificate.h - the certificate that an HTTPS listener shows: the newest valid
 * one of the key of this name.
 *
 * Looked up for each handshake, so that a renewed certificate or a rotated key serves the
 * next one.
 */
#ifndef SERVICE_SERVER_CERTIFICATE_H
#define SERVICE_SERVER_CERTIFICATE_H

#include "api/api.h"
#include "base/error.h"
#include "store/certificate_copy.h"

struct server_certificate {
	unsigned char spki_sha256[KEY_SHA256_SIZE]; /* of its key */
	enum key_type type;
	struct certificate_copy copy;
};

/*
 * Of the current key, or of the newest that it replaced while it has none itself.
 * ERROR_NOT_FOUND when there is none of any. The caller clears found in either case.
 */
int server_certificate_find(struct api *api, const char *name,
    struct server_certificate *found, struct error *err);
void server_certificate_clear(struct server_certificate *found);

/* What to type to get one: in text, NUL-terminated. */
#define SERVER_CERTIFICATE_HINT_SIZE 512
const char *server_certificate_hint(
    struct api *api, const char *name, char text[static SERVER_CERTIFICATE_HINT_SIZE]);

#endif
