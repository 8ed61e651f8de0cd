/* certform.c - one certificate or a chain, in the form that was asked for. */
#include "api/certform.h"

#include <string.h>

#include "base/pem.h"
#include "ca/pkcs7.h"

#define PEM_END "-----END CERTIFICATE-----\n"

/* The first block: ours are one after the other, without text in between. */
static struct bytes
first_of(struct bytes pem)
{
	const char *end = memmem(pem.data, pem.len, PEM_END, strlen(PEM_END));

	if (end != NULL)
		pem.len = (size_t)(end - (const char *)pem.data) + strlen(PEM_END);
	return pem;
}

static int
write_der(struct bytes pem, struct buffer *out, struct error *err)
{
	static const char *const labels[] = { "CERTIFICATE", NULL };

	return pem_read(first_of(pem), labels, out, err);
}

int
certform_respond(
    struct response *res, const char *type, struct bytes pem, struct error *err)
{
	if (strcmp(type, PKCS7_TYPE) == 0) {
		if (pkcs7_certs_only(pem, &res->body, err) != 0)
			return -1;
		return response_finish(res, PKCS7_TYPE "; smime-type=certs-only", err);
	}
	if (strcmp(type, DER_TYPE) == 0) {
		if (write_der(pem, &res->body, err) != 0)
			return -1;
	} else {
		if (strcmp(type, PEM_TYPE) == 0)
			pem = first_of(pem);
		buf_append(&res->body, pem.data, pem.len);
	}
	res->varies = true;
	return response_finish(res, type, err);
}

static void
list_types(const char *const *types, struct buffer *out)
{
	for (; *types != NULL; types++)
		buf_printf(out, "%s%s", out->len > 0 ? ", " : "", *types);
}

int
certform_choose(const struct request *req, const char *const *types, const char **type,
    struct error *err)
{
	struct buffer all;

	if ((*type = request_prefers(req, types)) != NULL)
		return 0;
	buf_init(&all, 0);
	list_types(types, &all);
	error_set(err, ERROR_UNACCEPTABLE, "Accept: one of %s", buf_string(&all));
	buf_free(&all);
	return -1;
}
