/* request.c - reads a request, and turns DER into PEM. */
#include "cli/request.h"

#include <string.h>

#include "base/file.h"
#include "base/text.h"

#define REQUEST_MAX_BYTES 65536
#define PRIVATE_KEY       "PRIVATE KEY-----"
#define DER_SEQUENCE      0x30
#define PEM_LINE_BYTES    48 /* 64 characters */

static void
write_pem(struct buffer *pem, struct bytes der)
{
	buf_text(pem, "-----BEGIN CERTIFICATE REQUEST-----\n");
	for (size_t done = 0; done < der.len; done += PEM_LINE_BYTES) {
		size_t left = der.len - done;

		base64_encode(
		    pem, der.data + done, left < PEM_LINE_BYTES ? left : PEM_LINE_BYTES);
		buf_text(pem, "\n");
	}
	buf_text(pem, "-----END CERTIFICATE REQUEST-----\n");
}

static int
convert(const char *path, struct bytes content, struct buffer *pem, struct error *err)
{
	const char *text = (const char *)content.data;
	const char *name = strcmp(path, "-") == 0 ? "standard input" : path;

	if (content.len > 0 && content.data[0] == DER_SEQUENCE) {
		write_pem(pem, content);
		return 0;
	}
	if (content.len > 0 &&
	    memmem(text, content.len, PRIVATE_KEY, strlen(PRIVATE_KEY)) != NULL)
		return error_set(err, ERROR_IO,
		    "%s holds a private key; it was not sent. Sign a request (CSR) "
		    "instead",
		    name);
	if (content.len == 0 || strlen(text) != content.len ||
	    strstr(text, "-----BEGIN ") == NULL)
		return error_set(
		    err, ERROR_IO, "%s is not a certificate request, PEM or DER", name);
	buf_append(pem, content.data, content.len);
	return 0;
}

int
request_read(const char *path, struct buffer *pem, struct error *err)
{
	struct buffer content;
	struct error why;
	int rc;

	buf_init(&content, 0);
	/* A file that is too large is a wrong file, not a refusal of the daemon. */
	if ((rc = file_read(path, REQUEST_MAX_BYTES, &content, &why)) != 0)
		error_set(err, ERROR_IO, "%s", why.text);
	else
		rc = convert(path, buf_bytes(&content), pem, err);
	buf_free(&content);
	return rc;
}
