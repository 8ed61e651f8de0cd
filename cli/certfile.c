/* certfile.c - finds the certificate in a file. */
#include "cli/certfile.h"

#include <string.h>

#include "base/file.h"
#include "base/pem.h"

#define FILE_MAX_BYTES 65536
#define BEGIN          "-----BEGIN CERTIFICATE-----"
#define END            "-----END CERTIFICATE-----"
#define DER_SEQUENCE   0x30

/* The first of a chain: what keyhold writes has the leaf first. Nothing else of the file,
 * which may hold a private key, is sent. */
static int
take_certificate(
    const char *path, struct bytes content, struct buffer *pem, struct error *err)
{
	const char *text = (const char *)content.data, *begin, *end;

	if (content.len > 0 && content.data[0] == DER_SEQUENCE) {
		pem_append(pem, "CERTIFICATE", content);
		return 0;
	}
	if (content.len == 0 || strlen(text) != content.len ||
	    (begin = strstr(text, BEGIN)) == NULL || (end = strstr(begin, END)) == NULL)
		return error_set(
		    err, ERROR_IO, "%s holds no certificate, PEM or DER", path);
	buf_append(pem, begin, (size_t)(end - begin) + strlen(END));
	buf_text(pem, "\n");
	return 0;
}

int
certfile_pem(const char *path, struct buffer *pem, struct error *err)
{
	struct buffer content;
	struct error why;
	int rc;

	buf_init(&content, 0);
	if ((rc = file_read(path, FILE_MAX_BYTES, &content, &why)) != 0)
		error_set(err, ERROR_IO, "%s", why.text);
	else
		rc = take_certificate(path, buf_bytes(&content), pem, err);
	buf_free(&content);
	return rc;
}

int
certfile_der(const char *path, struct buffer *der, struct error *err)
{
	static const char *const labels[] = { "CERTIFICATE", NULL };
	struct buffer pem;
	struct error why;
	int rc = -1;

	buf_init(&pem, 0);
	if (certfile_pem(path, &pem, err) == 0) {
		rc = pem_read(buf_bytes(&pem), labels, der, &why);
		if (rc != 0)
			error_set(err, ERROR_IO, "%.100s: %s", path, why.text);
	}
	buf_free(&pem);
	return rc;
}
