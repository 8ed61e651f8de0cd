/* tls_message.c - recognises the four things a TLS key may sign. */
#include "api/tls_message.h"

#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "api/asn1_value.h"
#include "api/dh_group.h"

#define RANDOMS_BYTES 64

bool
tls_is_certificate_verify_13(
    const struct bytes *message, enum scheme scheme, enum key_type type)
{
	static const char *const contexts[] = {
		"TLS 1.3, server CertificateVerify",
		"TLS 1.3, client CertificateVerify",
	};
	size_t context_len =
	    strlen(contexts[0]) + 1; /* with its zero; both are as long */
	size_t head = 64 + context_len, hash_len = message->len - head;

	if (message->len < head || !scheme_fits_tls13(scheme, type))
		return false;
	/* The transcript's hash is the cipher suite's: SHA-256 or SHA-384. */
	if (hash_len != 32 && hash_len != 48)
		return false;
	for (size_t i = 0; i < 64; i++)
		if (message->data[i] != ' ')
			return false;
	return memcmp(message->data + 64, contexts[0], context_len) == 0 ||
	       memcmp(message->data + 64, contexts[1], context_len) == 0;
}

/* What is left of a message; every take shortens it. */
static bool
take(struct bytes *rest, size_t len, struct bytes *part)
{
	if (rest->len < len)
		return false;
	*part = (struct bytes){ rest->data, len };
	rest->data += len;
	rest->len -= len;
	return true;
}

static bool
take_number(struct bytes *rest, size_t octets, size_t *number)
{
	struct bytes part;

	if (!take(rest, octets, &part))
		return false;
	*number = 0;
	for (size_t i = 0; i < octets; i++)
		*number = *number << 8 | part.data[i];
	return true;
}

/* A value behind its length. */
static bool
take_vector(struct bytes *rest, size_t length_octets, struct bytes *part)
{
	size_t len;

	return take_number(rest, length_octets, &len) && take(rest, len, part);
}

/* RFC 8422 section 5.4: ECCurveType named_curve, NamedCurve, ECPoint. */
static bool
is_ecdhe(struct bytes rest)
{
	/* IANA "TLS Supported Groups": the point's size is the group's. */
	static const struct {
		size_t group, point_len;
		bool prefixed; /* an uncompressed point begins with 4 */
	} groups[] = {
		{ 23, 65, true },  /* secp256r1 */
		{ 24, 97, true },  /* secp384r1 */
		{ 25, 133, true }, /* secp521r1 */
		{ 26, 65, true },  /* brainpoolP256r1 */
		{ 27, 97, true },  /* brainpoolP384r1 */
		{ 28, 129, true }, /* brainpoolP512r1 */
		{ 29, 32, false }, /* x25519 */
		{ 30, 56, false }, /* x448 */
	};
	size_t curve_type, group;
	struct bytes point;

	if (!take_number(&rest, 1, &curve_type) || curve_type != 3 ||
	    !take_number(&rest, 2, &group) || !take_vector(&rest, 1, &point) ||
	    rest.len != 0)
		return false;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (groups[i].group == group)
			return point.len == groups[i].point_len &&
			       (!groups[i].prefixed || point.data[0] == 4);
	return false;
}

/*
 * RFC 5246 section 7.4.3: dh_p, dh_g, dh_Ys. Known groups alone: a prime of the peer's
 * own making is kilobytes of whatever it likes.
 */
static bool
is_dhe(struct bytes rest)
{
	struct bytes p, g, public;

	return take_vector(&rest, 2, &p) && take_vector(&rest, 2, &g) &&
	       take_vector(&rest, 2, &public) && rest.len == 0 && public.len >= 1 &&
	       public.len <= p.len && g.len == 1 && g.data[0] == 2 &&
	       is_known_dh_prime(&p);
}

/*
 * Both randoms and the public value are the peer's choice, room enough for a
 * TBSCertificate that has this shape too. What is ASN.1 as a whole is therefore refused;
 * of random bytes with x25519's parameters, the shortest, one in two million is, and
 * that handshake is simply tried again.
 */
bool
tls_is_server_key_exchange(const struct bytes *message)
{
	struct bytes rest = *message, randoms;

	if (!take(&rest, RANDOMS_BYTES, &randoms) || is_asn1_value(message))
		return false;
	return is_ecdhe(rest) || is_dhe(rest);
}

enum handshake_type {
	HANDSHAKE_CLIENT_HELLO = 1,
	HANDSHAKE_SERVER_HELLO = 2,
	HANDSHAKE_CERTIFICATE = 11,
	HANDSHAKE_CERTIFICATE_REQUEST = 13,
	HANDSHAKE_CLIENT_KEY_EXCHANGE = 16,
};

/* A ClientHello of TLS 1.2: its version, a random, a session id of at most 32 bytes. */
static bool
is_client_hello(struct bytes body)
{
	size_t version, id_len;
	struct bytes part;

	return take_number(&body, 2, &version) && version == 0x0303 &&
	       take(&body, 32, &part) && take_number(&body, 1, &id_len) && id_len <= 32 &&
	       take(&body, id_len, &part) && take_vector(&body, 2, &part) &&
	       part.len >= 2 && part.len % 2 == 0;
}

bool
tls_is_certificate_verify_12(const struct bytes *message)
{
	struct bytes rest = *message, body;
	size_t type = 0, seen = 0;
	bool asked = false;

	while (rest.len > 0) {
		if (!take_number(&rest, 1, &type) || !take_vector(&rest, 3, &body))
			return false;
		if (seen == 0 &&
		    (type != HANDSHAKE_CLIENT_HELLO || !is_client_hello(body)))
			return false;
		if (seen == 1 && type != HANDSHAKE_SERVER_HELLO)
			return false;
		/* Without the server's request, a client sends no CertificateVerify. */
		asked = asked || type == HANDSHAKE_CERTIFICATE_REQUEST;
		seen++;
	}
	return asked && type == HANDSHAKE_CLIENT_KEY_EXCHANGE;
}

/* OpenSSL's ASN.1 templates name their types by typedef; this one stays in this file. */
typedef struct {
	ASN1_INTEGER *version;
	X509_NAME *subject;
	ASN1_TYPE *key; /* as it came, to compare byte for byte */
	STACK_OF(X509_ATTRIBUTE) * attributes;
} REQUEST_INFO;

ASN1_SEQUENCE(REQUEST_INFO) = {
	ASN1_SIMPLE(REQUEST_INFO, version, ASN1_INTEGER),
	ASN1_SIMPLE(REQUEST_INFO, subject, X509_NAME),
	ASN1_SIMPLE(REQUEST_INFO, key, ASN1_ANY),
	ASN1_IMP_SET_OF_OPT(REQUEST_INFO, attributes, X509_ATTRIBUTE, 0),
} static_ASN1_SEQUENCE_END(REQUEST_INFO)

bool
is_own_csr(const struct bytes *message, const struct key *key)
{
	const ASN1_ITEM *item = ASN1_ITEM_rptr(REQUEST_INFO);
	const unsigned char *p = message->data;
	const ASN1_STRING *spki;
	REQUEST_INFO *info;
	bool own = false;

	ERR_set_mark();
	info = (REQUEST_INFO *)ASN1_item_d2i(NULL, &p, (long)message->len, item);
	ERR_pop_to_mark();
	if (info != NULL && p == message->data + message->len &&
	    ASN1_INTEGER_get(info->version) == 0 &&
	    ASN1_TYPE_get(info->key) == V_ASN1_SEQUENCE) {
		spki = info->key->value.sequence;
		own = (size_t)ASN1_STRING_length(spki) == key->spki_len &&
		      memcmp(ASN1_STRING_get0_data(spki), key->spki, key->spki_len) == 0;
	}
	ASN1_item_free((ASN1_VALUE *)info, item);
	return own;
}
