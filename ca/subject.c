/* subject.c - distinguished names. */
#include "ca/subject.h"

#include <string.h>

#include <arpa/inet.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#define TYPE_SIZE  32
#define VALUE_SIZE 256
#define FIELD      "subject CN"

/* Copies up to the first unescaped stop character; NULL when it does not fit. */
static const char *
take_until(const char *p, char stop, char *out, size_t size)
{
	size_t len = 0;

	while (*p != '\0' && *p != stop) {
		if (*p == '\\' && *++p == '\0')
			return NULL;
		if ((unsigned char)*p < ' ' || *p == 0x7f || len + 1 == size)
			return NULL;
		out[len++] = *p++;
	}
	out[len] = '\0';
	return p;
}

static int
add_entry(X509_NAME *name, const char **text, struct error *err)
{
	char type[TYPE_SIZE], value[VALUE_SIZE];
	const char *p = take_until(*text, '=', type, sizeof(type));

	if (p == NULL || *p != '=' ||
	    (p = take_until(p + 1, '/', value, sizeof(value))) == NULL)
		return error_set(err, ERROR_BAD_REQUEST,
		    "subject at \"/%.32s\": not TYPE=VALUE", *text);
	if (value[0] == '\0')
		return error_set(err, ERROR_BAD_REQUEST, "subject: %s is empty", type);
	if (X509_NAME_add_entry_by_txt(name, type, MBSTRING_UTF8,
		(const unsigned char *)value, -1, -1, 0) != 1) {
		error_set(err, ERROR_BAD_REQUEST, "subject: %s=%.64s is not acceptable",
		    type, value);
		ERR_clear_error();
		return -1;
	}
	*text = p;
	return 0;
}

int
subject_from_text(const char *text, X509_NAME **name, struct error *err)
{
	X509_NAME *made = X509_NAME_new();

	if (made == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	while (*text != '\0') {
		if (*text++ != '/') {
			error_set(
			    err, ERROR_BAD_REQUEST, "a subject reads /TYPE=VALUE/...");
			goto out;
		}
		if (add_entry(made, &text, err) != 0)
			goto out;
	}
	*name = made;
	return 0;
out:
	X509_NAME_free(made);
	return -1;
}

static bool
is_printable(const unsigned char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] < ' ' || data[i] > '~')
			return false;
	return true;
}

static bool
is_address(const char *text)
{
	unsigned char octets[16];

	return inet_pton(AF_INET, text, octets) == 1 ||
	       inet_pton(AF_INET6, text, octets) == 1;
}

/* Lengths are compared, never NULs: "bank.example\0.evil.example" is one name. */
static bool
value_is_fine(const ASN1_STRING *value, struct violations *v)
{
	int type = ASN1_STRING_type(value);
	size_t len = (size_t)ASN1_STRING_length(value);

	if (type != V_ASN1_UTF8STRING && type != V_ASN1_PRINTABLESTRING) {
		violations_add(v, RULE_CN_STRING_TYPE, FIELD,
		    "neither a UTF8String nor a PrintableString");
		return false;
	}
	if (!is_printable(ASN1_STRING_get0_data(value), len)) {
		violations_add(v, RULE_CN_CHARACTERS, FIELD,
		    "a character that is not printable ASCII");
		return false;
	}
	if (len == 0 || len > SUBJECT_CN_MAX) {
		violations_add(v, RULE_CN_LENGTH, FIELD,
		    "%zu characters; 1 to %d are accepted", len, SUBJECT_CN_MAX);
		return false;
	}
	return true;
}

static void
copy_lower(const ASN1_STRING *value, struct common_name *cn)
{
	const unsigned char *data = ASN1_STRING_get0_data(value);

	cn->len = (size_t)ASN1_STRING_length(value);
	for (size_t i = 0; i < cn->len; i++)
		cn->text[i] =
		    (char)(data[i] >= 'A' && data[i] <= 'Z' ? data[i] - 'A' + 'a'
							    : data[i]);
	cn->text[cn->len] = '\0';
}

void
subject_common_name(const X509_NAME *name, struct common_name *cn, struct violations *v)
{
	int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	const ASN1_STRING *value;

	*cn = (struct common_name){ .len = 0 };
	if (at < 0)
		return;
	if (X509_NAME_get_index_by_NID(name, NID_commonName, at) >= 0) {
		violations_add(v, RULE_CN_SINGLE, FIELD, "more than one CommonName");
		return;
	}
	value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
	if (!value_is_fine(value, v))
		return;
	copy_lower(value, cn);
	if (is_address(cn->text)) {
		violations_add(v, RULE_CN_ADDRESS, FIELD,
		    "an address; it belongs into a subjectAltName");
		cn->len = 0;
	}
}

int
subject_text(const X509_NAME *name, struct buffer *out, struct error *err)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	if (bio == NULL || X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) < 0) {
		BIO_free(bio);
		return error_set_openssl(err, ERROR_INTERNAL, "subject");
	}
	len = BIO_get_mem_data(bio, &text);
	if (len > 0)
		buf_append(out, text, (size_t)len);
	BIO_free(bio);
	return buf_failed(out) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
}
