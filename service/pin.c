/* pin.c - the PIN from a file or from systemd. */
#include "service/pin.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/secret.h"
#include "service/config.h"

/*
 * Not secret_read_file: systemd grants a service with its own user access by an ACL,
 * which shows as group-readable. The directory is the service's alone.
 */
static int
read_credential(const char *path, struct secret **pin, struct error *err)
{
	struct buffer text;
	size_t len;
	int rc = -1;

	buf_init(&text, 0);
	if (file_read(path, SECRET_MAX_BYTES + 2, &text, err) != 0)
		goto out;
	if ((len = strcspn(buf_string(&text), "\r\n")) == 0) {
		error_set(err, ERROR_CONFIG, "%s: the first line is empty", path);
		goto out;
	}
	rc = secret_new(buf_string(&text), len, pin, err);
out:
	buf_free(&text);
	return rc;
}

int
pin_read(const struct config_token *token, struct secret **pin, struct error *err)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_MAX];
	int n;

	if (token->pin_file != NULL)
		return secret_read_file(token->pin_file, pin, err);
	if (directory == NULL)
		return error_set(err, ERROR_CONFIG,
		    "no PIN for token %s: set its pin_file, or LoadCredential=%s:... in "
		    "systemd",
		    token->name, token->credential);
	n = snprintf(path, sizeof(path), "%s/%s", directory, token->credential);
	if (n < 0 || (size_t)n >= sizeof(path))
		return error_set(err, ERROR_CONFIG, "CREDENTIALS_DIRECTORY is too long");
	return read_credential(path, pin, err);
}
