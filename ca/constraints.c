/* constraints.c - name constraints: read from text, compared, and applied. */
#include "ca/constraints.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

static const struct {
	const char *prefix;
	int type;
} kinds[] = {
	{ "dns:", GEN_DNS },
	{ "ip:", GEN_IPADD },
	{ "email:", GEN_EMAIL },
	{ "uri:", GEN_URI },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* The address and its mask, one behind the other. */
static int
read_network(const char *text, unsigned char out[static 32], size_t *len)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t size = strchr(text, ':') != NULL ? 16 : 4;
	uint64_t bits;

	if (slash == NULL || (size_t)(slash - text) >= sizeof(address) ||
	    text_to_uint(slash + 1, 0, 8 * size, &bits, NULL) != 0)
		return -1;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (inet_pton(size == 4 ? AF_INET : AF_INET6, address, out) != 1)
		return -1;
	for (size_t i = 0; i < size; i++) {
		size_t set = bits > 8 * i ? bits - 8 * i : 0;

		out[size + i] = (unsigned char)(0xff00 >> (set < 8 ? set : 8));
		/* 10.0.0.1/8 is a mistake, or a network that was not meant. */
		if ((out[i] & ~out[size + i]) != 0)
			return -1;
	}
	*len = 2 * size;
	return 0;
}

/* Labels with dots between them; a first dot stands for hosts below, of some kinds. */
static bool
is_domain(const char *text, bool dot)
{
	if (*text == '.' && dot)
		text++;
	for (;;) {
		size_t label = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_");

		if (label == 0 || label > 63)
			return false;
		text += label;
		if (*text == '\0')
			return true;
		if (*text++ != '.')
			return false;
	}
}

static bool
is_mailbox(const char *text)
{
	const char *at = strchr(text, '@');

	for (const char *p = text; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return false;
	return at != NULL && at != text && is_domain(at + 1, false);
}

static bool
text_is_fine(int type, const char *text)
{
	if (strlen(text) > 253)
		return false;
	return type == GEN_DNS
		   ? is_domain(text, false)
		   : is_domain(text, true) || (type == GEN_EMAIL && is_mailbox(text));
}

static ASN1_STRING *
new_value(int type, const char *text)
{
	unsigned char network[32];
	size_t len = strlen(text);
	const void *data = text;
	ASN1_STRING *value;

	if (type == GEN_IPADD) {
		if (read_network(text, network, &len) != 0)
			return NULL;
		data = network;
	} else if (!text_is_fine(type, text)) {
		return NULL;
	}
	value = ASN1_STRING_type_new(
	    type == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
	if (value != NULL && ASN1_STRING_set(value, data, (int)len) != 1) {
		ASN1_STRING_free(value);
		value = NULL;
	}
	return value;
}

static GENERAL_SUBTREE *
new_subtree(const char *text)
{
	GENERAL_SUBTREE *subtree;
	ASN1_STRING *value = NULL;
	size_t i = 0;

	while (i < KINDS && strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) != 0)
		i++;
	if (i < KINDS)
		value = new_value(kinds[i].type, text + strlen(kinds[i].prefix));
	if (value == NULL || (subtree = GENERAL_SUBTREE_new()) == NULL) {
		ASN1_STRING_free(value);
		return NULL;
	}
	GENERAL_NAME_set0_value(subtree->base, kinds[i].type, value);
	return subtree;
}

static int
add_subtrees(STACK_OF(GENERAL_SUBTREE) * *list, const char *const *texts, size_t count,
    struct error *err)
{
	if (count != 0 && (*list = sk_GENERAL_SUBTREE_new_null()) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	for (size_t i = 0; i < count; i++) {
		GENERAL_SUBTREE *subtree = new_subtree(texts[i]);

		if (subtree == NULL)
			return error_set(err, ERROR_BAD_REQUEST,
			    "\"%.80s\" is no name constraint: dns:svc.example, "
			    "ip:10.0.0.0/8, email:example.com or uri:.example.com",
			    texts[i]);
		if (sk_GENERAL_SUBTREE_push(*list, subtree) <= 0) {
			GENERAL_SUBTREE_free(subtree);
			return error_set(err, ERROR_INTERNAL, "out of memory");
		}
	}
	return 0;
}

int
constraints_from_text(const struct constraints_spec *spec, NAME_CONSTRAINTS **constraints,
    struct error *err)
{
	NAME_CONSTRAINTS *made;

	*constraints = NULL;
	if (spec->permitted_count == 0 && spec->excluded_count == 0)
		return 0;
	if ((made = NAME_CONSTRAINTS_new()) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (add_subtrees(&made->permittedSubtrees, spec->permitted, spec->permitted_count,
		err) != 0 ||
	    add_subtrees(&made->excludedSubtrees, spec->excluded, spec->excluded_count,
		err) != 0) {
		NAME_CONSTRAINTS_free(made);
		return -1;
	}
	*constraints = made;
	return 0;
}

NAME_CONSTRAINTS *
constraints_of(const X509 *cert)
{
	return X509_get_ext_d2i(cert, NID_name_constraints, NULL, NULL);
}

static struct bytes
value_of(const GENERAL_NAME *name)
{
	const ASN1_STRING *value = GENERAL_NAME_get0_value(name, NULL);

	return (struct bytes){ ASN1_STRING_get0_data(value),
		(size_t)ASN1_STRING_length(value) };
}

static bool
network_contains(struct bytes outer, struct bytes inner)
{
	size_t size = outer.len / 2;

	if (outer.len != inner.len)
		return false;
	for (size_t i = 0; i < size; i++) {
		unsigned char mask = outer.data[size + i];

		if ((inner.data[i] & mask) != outer.data[i] ||
		    (inner.data[size + i] & mask) != mask)
			return false;
	}
	return true;
}

/* Of a DNS name, what is below it as well; of the others only what a dot says. */
static bool
domain_contains(int type, struct bytes outer, struct bytes inner)
{
	const unsigned char *end;

	if (outer.len == 0)
		return true;
	if (inner.len < outer.len)
		return false;
	end = inner.data + inner.len - outer.len;
	if (strncasecmp((const char *)end, (const char *)outer.data, outer.len) != 0)
		return false;
	if (inner.len == outer.len || outer.data[0] == '.')
		return true;
	return end[-1] == (type == GEN_DNS ? '.' : '@');
}

static bool
contains(const GENERAL_NAME *outer, const GENERAL_NAME *inner)
{
	struct bytes o = value_of(outer), i = value_of(inner);

	return outer->type == GEN_IPADD ? network_contains(o, i)
					: domain_contains(outer->type, o, i);
}

/* *same says whether the list has that kind of name at all. */
static bool
list_contains(
    const STACK_OF(GENERAL_SUBTREE) * list, const GENERAL_NAME *name, bool *same)
{
	*same = false;
	for (int i = 0; i < sk_GENERAL_SUBTREE_num(list); i++) {
		const GENERAL_NAME *base = sk_GENERAL_SUBTREE_value(list, i)->base;

		if (base->type != name->type)
			continue;
		*same = true;
		if (contains(base, name))
			return true;
	}
	return false;
}

static bool
is_comparable(const GENERAL_NAME *name)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].type == name->type)
			return true;
	return false;
}

void
constraints_check_within(
    const NAME_CONSTRAINTS *inner, const X509 *authority, struct violations *v)
{
	NAME_CONSTRAINTS *outer = constraints_of(authority);
	int count = inner != NULL ? sk_GENERAL_SUBTREE_num(inner->permittedSubtrees) : 0;

	for (int i = 0; outer != NULL && i < count; i++) {
		const GENERAL_NAME *name =
		    sk_GENERAL_SUBTREE_value(inner->permittedSubtrees, i)->base;
		bool same;

		if (!is_comparable(name))
			continue;
		if (!list_contains(outer->permittedSubtrees, name, &same) && same)
			violations_add(v, RULE_ISSUER_NAME_CONSTRAINTS,
			    "name_constraints", "permitted %d is not permitted above",
			    i + 1);
		if (list_contains(outer->excludedSubtrees, name, &same))
			violations_add(v, RULE_ISSUER_NAME_CONSTRAINTS,
			    "name_constraints", "permitted %d is excluded above", i + 1);
	}
	NAME_CONSTRAINTS_free(outer);
}

static bool
names_a_host(const X509 *cert)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++)
		found = sk_GENERAL_NAME_value(names, i)->type == GEN_DNS;
	GENERAL_NAMES_free(names);
	return found;
}

const char *
constraints_check(X509 *cert, const X509 *authority)
{
	NAME_CONSTRAINTS *constraints = constraints_of(authority);
	int verdict = X509_V_OK;

	if (constraints == NULL)
		return X509_get_ext_by_NID(authority, NID_name_constraints, -1) < 0
			   ? NULL
			   : "the constraints above cannot be read";
	/* Reads the names into the certificate, where the next call looks for them. */
	X509_check_purpose(cert, -1, 0);
	verdict = NAME_CONSTRAINTS_check(cert, constraints);
	/* A CommonName that could be a host's counts where no name of a host is. */
	if (verdict == X509_V_OK && X509_check_ca(cert) == 0 && !names_a_host(cert))
		verdict = NAME_CONSTRAINTS_check_CN(cert, constraints);
	NAME_CONSTRAINTS_free(constraints);
	return verdict == X509_V_OK ? NULL : X509_verify_cert_error_string(verdict);
}

static int
encode(const NAME_CONSTRAINTS *constraints, unsigned char **der)
{
	*der = NULL;
	return constraints == NULL ? 0
				   : ASN1_item_i2d((const ASN1_VALUE *)constraints, der,
					 ASN1_ITEM_rptr(NAME_CONSTRAINTS));
}

bool
constraints_equal(const NAME_CONSTRAINTS *a, const NAME_CONSTRAINTS *b)
{
	unsigned char *a_der, *b_der;
	int a_len = encode(a, &a_der), b_len = encode(b, &b_der);
	bool equal = a_len >= 0 && a_len == b_len &&
		     (a_len == 0 || memcmp(a_der, b_der, (size_t)a_len) == 0);

	OPENSSL_free(a_der);
	OPENSSL_free(b_der);
	return equal;
}
