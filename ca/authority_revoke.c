/*
 * authority_revoke.c - finds the certificate, by its serial or its octets, and revokes
 * it.
 *
 * The store has what was issued here, issuers included. What an imported issuer signed
 * elsewhere is recorded when it is revoked.
 */
#include "ca/authority_revoke.h"

#include <string.h>

#include <openssl/x509.h>

#include "base/clock.h"
#include "base/pem.h"
#include "ca/authority_certify.h"
#include "ca/certtext.h"
#include "ca/crl_point.h"
#include "ca/reason.h"
#include "ca/spki.h"

/* In the place of a profile, of what was not issued by one. */
#define PROFILE_EXTERNAL "external"

struct undoing {
	struct authority *authority;
	const struct revoke_request *request;
	char serial[STORE_SERIAL_SIZE];
	char issuer[STORE_NAME_SIZE];
	struct buffer der;
	X509 *cert;
	unsigned char spki_sha256[SPKI_HASH_BYTES];
};

static int
copy_row(void *ctx, const struct certificate_row *row)
{
	struct undoing *u = ctx;

	memcpy(u->issuer, row->issuer, sizeof(u->issuer));
	buf_append(&u->der, row->certificate.data, row->certificate.len);
	return 0;
}

static int
parse(struct undoing *u, struct error *err)
{
	const unsigned char *p = u->der.data;

	if (buf_failed(&u->der))
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if ((u->cert = X509_new_ex(u->authority->libctx, NULL)) == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (d2i_X509(&u->cert, &p, (long)u->der.len) == NULL ||
	    p != u->der.data + u->der.len) {
		X509_free(u->cert);
		u->cert = NULL;
		return error_set_openssl(err, ERROR_BAD_REQUEST, "no certificate");
	}
	return spki_sha256_encoded(
	    u->authority->libctx, X509_get_X509_PUBKEY(u->cert), u->spki_sha256, err);
}

/* PEM begins with a dash, DER with 0x30. */
static int
read_posted(struct undoing *u, struct error *err)
{
	static const char *const labels[] = { "CERTIFICATE", NULL };
	struct bytes posted = u->request->certificate;

	if (posted.len > 0 && posted.data[0] == 0x30)
		buf_append(&u->der, posted.data, posted.len);
	else if (pem_read(posted, labels, &u->der, err) != 0)
		return -1;
	if (parse(u, err) != 0)
		return -1;
	if ((ASN1_STRING_type(X509_get0_serialNumber(u->cert)) & V_ASN1_NEG) != 0)
		return error_set(err, ERROR_BAD_REQUEST, "a negative serial");
	return certtext_serial(u->cert, u->serial, err);
}

/* Of those that nobody here signed, which are not in the store. */
static struct issuer *
issuer_of_serial(struct authority *authority, const char *serial)
{
	struct issuer *i = NULL;

	while ((i = issuers_next(&authority->issuers, i)) != NULL)
		if (strcmp(i->serial, serial) == 0)
			break;
	return i;
}

/* A pending issuer has no certificate, and has signed nothing. */
static bool
has_signed(const struct issuer *issuer, X509 *cert)
{
	return issuer->cert != NULL &&
	       X509_NAME_cmp(X509_get_issuer_name(cert),
		   X509_get_subject_name(issuer->cert)) == 0 &&
	       X509_verify(cert, X509_get0_pubkey(issuer->cert)) == 1;
}

static struct issuer *
signer_of(struct authority *authority, X509 *cert)
{
	struct issuer *i = NULL;

	while ((i = issuers_next(&authority->issuers, i)) != NULL)
		if (has_signed(i, cert))
			break;
	return i;
}

static int
write_row(struct undoing *u, const struct issuer *issuer, struct certificate_row *row,
    struct buffer *subject, struct buffer *names, struct error *err)
{
	const struct authority_origin origin = {
		.signer = issuer->row.name,
		.profile = PROFILE_EXTERNAL,
		.actor = u->request->actor,
	};

	if (authority_certificate_describe(
		u->authority->libctx, u->cert, &origin, subject, row, err) != 0)
		return -1;
	certtext_names(u->cert, names);
	row->names = buf_string(names);
	row->certificate = buf_bytes(&u->der);
	row->crl_shard = crl_point_shard(u->serial, issuer->info.crl_shards);
	return buf_failed(names) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
}

static int
record_row(struct undoing *u, const struct certificate_row *row, struct error *err)
{
	const struct audit_event event = {
		.actor = u->request->actor,
		.request = u->request->request_id,
		.action = "certificate.imported",
		.object = row->serial,
		.detail = row->issuer,
	};

	return store_certificate_admit(u->authority->store, row, &event, err);
}

static int
check_admitted(const struct undoing *u, const char *issuer, struct error *err)
{
	const struct revoke_request *request = u->request;

	if (request->admit == NULL)
		return 0;
	return request->admit(request->admit_ctx, issuer, err);
}

/* What one of our issuers signed, and the store does not have. */
static int
import(struct undoing *u, struct error *err)
{
	struct issuer *issuer = signer_of(u->authority, u->cert);
	struct buffer subject, names;
	struct certificate_row row;
	int rc;

	if (issuer == NULL)
		return error_set(err, ERROR_NOT_FOUND,
		    "certificate %s was not issued here, nor signed by any issuer",
		    u->serial);
	if (X509_cmp(u->cert, issuer->cert) == 0)
		return error_set(err, ERROR_BAD_REQUEST,
		    "certificate %s is the root %s: nobody asks a root's own CRL about "
		    "it; take it out of every trust store instead",
		    u->serial, issuer->row.name);
	if (check_admitted(u, issuer->row.name, err) != 0)
		return -1;
	buf_init(&subject, 0);
	buf_init(&names, 0);
	rc = write_row(u, issuer, &row, &subject, &names, err);
	if (rc == 0)
		rc = record_row(u, &row, err);
	if (rc == 0)
		memcpy(u->issuer, issuer->row.name, sizeof(u->issuer));
	buf_free(&names);
	buf_free(&subject);
	return rc;
}

static int
find_by_serial(struct undoing *u, struct error *err)
{
	struct store *store = u->authority->store;
	const struct issuer *issuer;

	if (text_copy(u->serial, sizeof(u->serial), u->request->serial) != 0)
		return error_set(
		    err, ERROR_NOT_FOUND, "no certificate %.64s", u->request->serial);
	if (store_certificate_find(store, u->serial, copy_row, u, err) == 0)
		return revocation_blocks_key(u->request->reason) ? parse(u, err) : 0;
	if (err->code != ERROR_NOT_FOUND ||
	    (issuer = issuer_of_serial(u->authority, u->serial)) == NULL)
		return -1;
	buf_append(&u->der, issuer->info.certificate.data, issuer->info.certificate.len);
	return parse(u, err) != 0 ? -1 : import(u, err);
}

/* ERROR_NOT_FOUND when nothing is recorded by its serial. */
static int
find_recorded(struct undoing *u, struct error *err)
{
	struct undoing there = { .der = { .len = 0 } };
	int rc =
	    store_certificate_find(u->authority->store, u->serial, copy_row, &there, err);

	if (rc == 0) {
		memcpy(u->issuer, there.issuer, sizeof(u->issuer));
		if (there.der.len != u->der.len ||
		    memcmp(there.der.data, u->der.data, u->der.len) != 0)
			rc = error_set(err, ERROR_CONFLICT,
			    "another certificate has the serial %s, of issuer %s",
			    u->serial, there.issuer);
	}
	buf_free(&there.der);
	return rc;
}

static int
find_by_octets(struct undoing *u, struct error *err)
{
	if (read_posted(u, err) != 0)
		return -1;
	if (find_recorded(u, err) == 0)
		return 0;
	if (err->code != ERROR_NOT_FOUND)
		return -1;
	if (import(u, err) == 0)
		return 0;
	/* Another request may have recorded it meanwhile. */
	return err->code == ERROR_CONFLICT ? find_recorded(u, err) : -1;
}

static int
revoke(struct undoing *u, struct revocation *revocation, struct error *err)
{
	struct store *store = u->authority->store;
	struct audit_event event = {
		.actor = u->request->actor,
		.request = u->request->request_id,
		.action = "certificate.revoked",
		.object = u->serial,
	};
	struct buffer detail;
	bool changed;
	int rc;

	if (check_admitted(u, u->issuer, err) != 0)
		return -1;
	*revocation = (struct revocation){
		.revoked_at = clock_now_s(),
		.reason = u->request->reason,
		.invalidity_date = u->request->invalidity_date,
	};
	memcpy(revocation->serial, u->serial, sizeof(revocation->serial));
	buf_init(&detail, 0);
	buf_printf(&detail, "issuer %s, %s", u->issuer, reason_name(u->request->reason));
	event.detail = buf_string(&detail);
	rc = buf_failed(&detail) ? error_set(err, ERROR_INTERNAL, "out of memory")
				 : store_revocation_add(store, revocation, u->spki_sha256,
				       &event, &changed, err);
	if (rc == 0 && changed)
		authority_changed(u->authority);
	if (rc == 0)
		rc = store_revocation_find(store, u->serial, revocation, err);
	buf_free(&detail);
	return rc;
}

int
authority_revoke(struct authority *authority, const struct revoke_request *request,
    struct revocation *revocation, struct error *err)
{
	struct undoing u = { .authority = authority, .request = request };
	int rc = -1;

	if (request->invalidity_date > clock_now_s())
		error_set(err, ERROR_BAD_REQUEST, "invalidity_date is in the future");
	else if (request->serial != NULL)
		rc = find_by_serial(&u, err);
	else
		rc = find_by_octets(&u, err);
	if (rc == 0)
		rc = revoke(&u, revocation, err);
	X509_free(u.cert);
	buf_free(&u.der);
	return rc;
}

static int
check_unrevoked(struct store *store, const struct issuer *issuer, struct error *err)
{
	struct revocation revocation;
	struct error why;

	if (store_revocation_find(store, issuer->info.serial, &revocation, &why) != 0) {
		if (why.code == ERROR_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	/* Another authority's certificate may have the serial. */
	if (strcmp(revocation.issuer, issuer->info.parent) != 0)
		return 0;
	return error_set(err, ERROR_CONFLICT,
	    "issuer %s was revoked (%s): nobody is to trust what it signs",
	    issuer->info.name, reason_name(revocation.reason));
}

int
authority_check_unrevoked(
    struct authority *authority, const struct issuer *issuer, struct error *err)
{
	struct issuer *above;

	for (; issuer->info.parent != NULL; issuer = above)
		if (check_unrevoked(authority->store, issuer, err) != 0 ||
		    issuers_find(&authority->issuers, issuer->info.parent, &above, err) !=
			0)
			return -1;
	return 0;
}
