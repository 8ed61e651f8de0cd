/* client_names.c - subjectAltNames and subject, in the words of an access rule. */
#include "ca/client_names.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "ca/certtext.h"

/* A blank or a NUL within would make two names of one, or another one of it. */
static bool
is_printable(const unsigned char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] <= ' ' || data[i] > '~')
			return false;
	return len > 0;
}

static bool
add_text(struct buffer *texts, const char *prefix, const ASN1_STRING *value, bool lower)
{
	const unsigned char *data = ASN1_STRING_get0_data(value);
	size_t len = (size_t)ASN1_STRING_length(value);

	if (!is_printable(data, len))
		return false;
	buf_text(texts, prefix);
	for (size_t i = 0; i < len; i++)
		buf_printf(texts, "%c", lower ? tolower(data[i]) : data[i]);
	buf_append(texts, "", 1);
	return true;
}

static bool
add_address(struct buffer *texts, const ASN1_STRING *value)
{
	int len = ASN1_STRING_length(value);
	char text[INET6_ADDRSTRLEN];

	if ((len != 4 && len != 16) ||
	    inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(value), text,
		sizeof(text)) == NULL)
		return false;
	buf_printf(texts, "ip:%s", text);
	buf_append(texts, "", 1);
	return true;
}

/* Whether it is of a kind that has a word. */
static bool
add_name(struct buffer *texts, const GENERAL_NAME *name)
{
	switch (name->type) {
	case GEN_DNS:
		return add_text(texts, "dns:", name->d.dNSName, true);
	case GEN_URI:
		return add_text(texts, "uri:", name->d.uniformResourceIdentifier, false);
	case GEN_EMAIL:
		return add_text(texts, "email:", name->d.rfc822Name, false);
	case GEN_IPADD:
		return add_address(texts, name->d.iPAddress);
	default:
		return false;
	}
}

static int
add_subject(X509 *cert, struct buffer *texts, size_t *count, struct error *err)
{
	if (X509_NAME_entry_count(X509_get_subject_name(cert)) == 0)
		return 0;
	buf_text(texts, "subject:");
	if (certtext_subject(cert, texts, err) != 0)
		return -1;
	buf_append(texts, "", 1);
	(*count)++;
	return 0;
}

int
client_names(
    X509 *cert, size_t max, struct buffer *texts, size_t *count, struct error *err)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	int rc;

	*count = 0;
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && *count <= max; i++)
		if (add_name(texts, sk_GENERAL_NAME_value(names, i)))
			(*count)++;
	GENERAL_NAMES_free(names);
	rc = add_subject(cert, texts, count, err);
	if (rc == 0 && *count > max)
		rc = error_set(err, ERROR_FORBIDDEN, "more than %zu names", max);
	if (rc == 0 && buf_failed(texts))
		rc = error_set(err, ERROR_INTERNAL, "out of memory");
	return rc;
}
