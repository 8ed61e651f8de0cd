/* san.c - lists of names, as OpenSSL's GENERAL_NAMES. */
#include "ca/san.h"

#include <string.h>
#include <strings.h>

#include <arpa/inet.h>

static struct bytes
string_bytes(const ASN1_STRING *s)
{
	return (struct bytes){ ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s) };
}

static int
add_string(
    GENERAL_NAMES *names, int kind, int type, struct bytes value, struct error *err)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_STRING *string = ASN1_STRING_type_new(type);

	if (name == NULL || string == NULL ||
	    ASN1_STRING_set(string, value.data, (int)value.len) != 1)
		goto out;
	GENERAL_NAME_set0_value(name, kind, string);
	string = NULL; /* belongs to name */
	if (sk_GENERAL_NAME_push(names, name) > 0)
		return 0;
out:
	ASN1_STRING_free(string);
	GENERAL_NAME_free(name);
	return error_set(err, ERROR_INTERNAL, "out of memory");
}

int
san_add_dns(GENERAL_NAMES *names, struct bytes name, struct error *err)
{
	return add_string(names, GEN_DNS, V_ASN1_IA5STRING, name, err);
}

/* The octets of an address in text; 0 when it is none. */
static size_t
read_address(const char *text, unsigned char octets[static 16])
{
	if (inet_pton(AF_INET, text, octets) == 1)
		return 4;
	return inet_pton(AF_INET6, text, octets) == 1 ? 16 : 0;
}

static int
add_address(GENERAL_NAMES *names, const char *text, struct error *err)
{
	unsigned char octets[16];
	size_t len = read_address(text, octets);

	if (len == 0)
		return error_set(
		    err, ERROR_BAD_REQUEST, "\"%.64s\" is not an address", text);
	return add_string(
	    names, GEN_IPADD, V_ASN1_OCTET_STRING, (struct bytes){ octets, len }, err);
}

static int
add_characters(GENERAL_NAMES *names, int kind, const char *text, struct error *err)
{
	for (const char *p = text; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return error_set(err, ERROR_BAD_REQUEST,
			    "a name with a space or a character that is not ASCII");
	if (*text == '\0')
		return error_set(err, ERROR_BAD_REQUEST, "an empty name");
	return add_string(names, kind, V_ASN1_IA5STRING,
	    (struct bytes){ (const unsigned char *)text, strlen(text) }, err);
}

/* "word:" in front, which no host name has. */
static bool
has_a_prefix(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return len > 0 && text[len] == ':';
}

static int
add_unmarked(GENERAL_NAMES *names, const char *text, struct error *err)
{
	unsigned char octets[16];

	if (read_address(text, octets) != 0)
		return add_address(names, text, err);
	if (has_a_prefix(text))
		return error_set(err, ERROR_BAD_REQUEST,
		    "\"%.64s\": the prefixes of a name are dns:, ip:, email: and uri:",
		    text);
	return add_characters(names, GEN_DNS, text, err);
}

static int
add_text(GENERAL_NAMES *names, const char *text, struct error *err)
{
	static const struct {
		const char *prefix;
		int kind;
	} kinds[] = {
		{ "dns:", GEN_DNS },
		{ "ip:", GEN_IPADD },
		{ "email:", GEN_EMAIL },
		{ "uri:", GEN_URI },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t len = strlen(kinds[i].prefix);

		if (strncasecmp(text, kinds[i].prefix, len) != 0)
			continue;
		if (kinds[i].kind == GEN_IPADD)
			return add_address(names, text + len, err);
		return add_characters(names, kinds[i].kind, text + len, err);
	}
	return add_unmarked(names, text, err);
}

int
san_from_text(
    const char *const *texts, size_t count, GENERAL_NAMES **names, struct error *err)
{
	GENERAL_NAMES *list;

	if (count > SAN_NAMES_MAX)
		return error_set(err, ERROR_BAD_REQUEST, "%zu names; at most %d", count,
		    SAN_NAMES_MAX);
	if ((list = sk_GENERAL_NAME_new_null()) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	for (size_t i = 0; i < count; i++)
		if (add_text(list, texts[i], err) != 0) {
			GENERAL_NAMES_free(list);
			return -1;
		}
	*names = list;
	return 0;
}

static void
lower_case(ASN1_STRING *s, int from, int to)
{
	for (int i = from; i < to; i++)
		if (s->data[i] >= 'A' && s->data[i] <= 'Z')
			s->data[i] = (unsigned char)(s->data[i] - 'A' + 'a');
}

/* Up to the slash that ends the host: case matters after it (RFC 3986 section 6.2.2.1).
 */
static void
lower_case_uri(ASN1_STRING *s)
{
	int slashes = 0, len = 0;

	while (len < s->length && slashes < 3)
		slashes += s->data[len++] == '/';
	lower_case(s, 0, len);
}

/* After the '@': what case means in a local part is its host's affair (RFC 5321 section
 * 2.4). */
static void
lower_case_email(ASN1_STRING *s)
{
	int start = s->length;

	while (start > 0 && s->data[start - 1] != '@')
		start--;
	lower_case(s, start, s->length);
}

static void
normalise(GENERAL_NAME *name)
{
	if (name->type == GEN_DNS)
		lower_case(name->d.dNSName, 0, name->d.dNSName->length);
	else if (name->type == GEN_URI)
		lower_case_uri(name->d.uniformResourceIdentifier);
	else if (name->type == GEN_EMAIL)
		lower_case_email(name->d.rfc822Name);
}

static bool
repeats_an_earlier(GENERAL_NAMES *names, int index)
{
	for (int i = 0; i < index; i++)
		if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(names, i),
			sk_GENERAL_NAME_value(names, index)) == 0)
			return true;
	return false;
}

void
san_normalise(GENERAL_NAMES *names)
{
	/* Comparing each with each: a list too long to be accepted stays as it is. */
	if (sk_GENERAL_NAME_num(names) > SAN_NAMES_MAX)
		return;
	for (int i = 0; i < sk_GENERAL_NAME_num(names);) {
		normalise(sk_GENERAL_NAME_value(names, i));
		if (repeats_an_earlier(names, i))
			GENERAL_NAME_free(sk_GENERAL_NAME_delete(names, i));
		else
			i++;
	}
}

bool
san_has_dns(const GENERAL_NAMES *names, struct bytes wanted)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		struct bytes dns;

		if (name->type != GEN_DNS)
			continue;
		dns = string_bytes(name->d.dNSName);
		if (dns.len == wanted.len && memcmp(dns.data, wanted.data, dns.len) == 0)
			return true;
	}
	return false;
}

static void
append_address(struct bytes ip, struct buffer *out)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(ip.len == 4 ? AF_INET : AF_INET6, ip.data, text, sizeof(text)) !=
	    NULL)
		buf_printf(out, "ip:%s", text);
}

/* An IA5String of a foreign certificate may have any octets, and a space would end the
 * name: neither is passed on. */
static void
append_string(const char *prefix, const ASN1_STRING *string, struct buffer *out)
{
	struct bytes text = string_bytes(string);
	size_t at;

	buf_text(out, prefix);
	at = out->len;
	buf_append(out, text.data, text.len);
	for (; at < out->len; at++)
		if (out->data[at] <= ' ' || out->data[at] >= 0x7f)
			out->data[at] = '?';
}

void
san_name_text(const GENERAL_NAME *name, struct buffer *out)
{
	if (name->type == GEN_DNS)
		append_string("dns:", name->d.dNSName, out);
	else if (name->type == GEN_IPADD)
		append_address(string_bytes(name->d.iPAddress), out);
	else if (name->type == GEN_URI)
		append_string("uri:", name->d.uniformResourceIdentifier, out);
	else if (name->type == GEN_EMAIL)
		append_string("email:", name->d.rfc822Name, out);
}

void
san_text(const GENERAL_NAMES *names, struct buffer *out)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		if (i > 0)
			buf_text(out, " ");
		san_name_text(sk_GENERAL_NAME_value(names, i), out);
	}
}
