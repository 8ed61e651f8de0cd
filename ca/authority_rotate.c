/*
 * authority_rotate.c - a new issuer in the place of an old one.
 *
 * Its subject is another, so that CRLs, which name their issuer by its subject, are never
 * taken for those of the old key. Two roots certify each other: who trusts either accepts
 * what stands beneath both (RFC 5280 section 3.2 on cross-certificates).
 */
#include "ca/authority.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "ca/authority_key.h"
#include "ca/creation.h"
#include "ca/subject.h"

enum { NEW_BY_OLD, OLD_BY_NEW, CROSSES };

struct rotation {
	struct creation creation;
	struct issuer_spec spec; /* the creation's */
	struct issuer *old;
	struct issuer_row retiring;
	struct authority_certificate crosses[CROSSES];
	struct cross_row rows[CROSSES];
};

/* "milvus root" and then "milvus root 2", "milvus root 3" ... */
static int
next_text(const char *text, char *out, size_t size)
{
	size_t len = strlen(text), base = len;
	unsigned long number = 1;

	while (base > 0 && text[base - 1] >= '0' && text[base - 1] <= '9')
		base--;
	if (base < len && len - base < 6 && base > 1 && text[base - 1] == ' ')
		number = strtoul(text + base--, NULL, 10);
	else
		base = len;
	return snprintf(out, size, "%.*s %lu", (int)base, text, number + 1) < (int)size
		   ? 0
		   : -1;
}

/* The old subject with a number behind its CommonName. */
static X509_NAME *
next_subject(const X509_NAME *old)
{
	int at = X509_NAME_get_index_by_NID(old, NID_commonName, -1);
	X509_NAME *name = at >= 0 ? X509_NAME_dup(old) : NULL;
	unsigned char *text = NULL;
	char next[65]; /* RFC 5280 appendix A.1: ub-common-name is 64 */
	bool fine = false;

	if (name == NULL)
		return NULL;
	if (ASN1_STRING_to_UTF8(
		&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at))) >= 0 &&
	    next_text((const char *)text, next, sizeof(next)) == 0) {
		X509_NAME_ENTRY_free(X509_NAME_delete_entry(name, at));
		fine = X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
			   (unsigned char *)next, -1, at, 0) == 1;
	}
	OPENSSL_free(text);
	if (!fine) {
		X509_NAME_free(name);
		return NULL;
	}
	return name;
}

static int
choose_subject(struct rotation *r, struct violations *v, struct error *err)
{
	const X509_NAME *old = X509_get_subject_name(r->old->cert);
	X509_NAME **subject = &r->creation.certificate.subject;

	if (r->spec.subject == NULL) {
		*subject = next_subject(old);
		return *subject != NULL
			   ? 0
			   : error_set(err, ERROR_BAD_REQUEST,
				 "issuer %s has no CommonName that could be numbered: "
				 "say which subject its successor shall have",
				 r->old->row.name);
	}
	if (subject_from_text(r->spec.subject, subject, err) != 0)
		return -1;
	if (X509_NAME_cmp(*subject, old) == 0)
		violations_add(v, RULE_ISSUER_SUBJECT, "subject",
		    "the same as its predecessor's, whose CRLs would be taken for its");
	return 0;
}

/* An old parent that retires has left the signing to its own successor. */
static int
choose_parent(struct rotation *r, struct error *err)
{
	struct issuers *issuers = &r->creation.authority->issuers;
	struct issuer *parent;

	r->spec.parent = r->old->info.parent;
	while (r->spec.parent != NULL) {
		if (issuers_find(issuers, r->spec.parent, &parent, err) != 0)
			return -1;
		if (parent->row.state != ISSUER_RETIRING ||
		    parent->info.successor == NULL)
			break;
		r->spec.parent = parent->info.successor;
	}
	return 0;
}

static int
find_old(struct rotation *r, const char *name, struct error *err)
{
	struct issuer *old;

	if (issuers_find(&r->creation.authority->issuers, name, &old, err) != 0 ||
	    issuer_check_active(old, err) != 0)
		return -1;
	if (old->info.external)
		return error_set(err, ERROR_CONFLICT,
		    "issuer %s was signed elsewhere, and so must its successor be: make "
		    "an external issuer, install its certificate, and name it as the "
		    "successor of %s",
		    name, name);
	/* Between two roots another certificate comes into each chain. */
	if (old->info.parent == NULL && X509_get_pathlen(old->cert) != PATH_LEN_NONE)
		return error_set(err, ERROR_CONFLICT,
		    "root %s has a path length of %ld, which leaves no room for a "
		    "cross-certificate: make a new root and give it to the clients",
		    name, X509_get_pathlen(old->cert));
	r->old = old;
	r->retiring = old->row;
	r->retiring.state = ISSUER_RETIRING;
	memcpy(
	    r->retiring.successor, r->creation.row.name, sizeof(r->retiring.successor));
	return 0;
}

static int
make_issuer(struct rotation *r, const char *old, struct violations *v, struct error *err)
{
	struct creation *c = &r->creation;

	if (creation_begin(c, v, err) != 0 || find_old(r, old, err) != 0 ||
	    choose_parent(r, err) != 0 || choose_subject(r, v, err) != 0)
		return -1;
	r->spec.path_len = (int)X509_get_pathlen(r->old->cert);
	r->spec.constraints = NULL;
	c->constraints = constraints_of(r->old->cert);
	return creation_sign(c, v, err);
}

static struct validity
overlap(const struct validity *a, const struct validity *b)
{
	return (struct validity){
		.not_before =
		    a->not_before > b->not_before ? a->not_before : b->not_before,
		.not_after = a->not_after < b->not_after ? a->not_after : b->not_after,
	};
}

/* Certifies the subject and key of one root by another's. */
static int
cross(struct rotation *r, int which, const struct certificate_spec *ends,
    struct violations *v, struct error *err)
{
	struct creation *c = &r->creation;
	const bool forward = which == NEW_BY_OLD;
	struct certificate_spec spec = *ends;
	/* The new root is not in the list yet. */
	const struct issuer_info new = {
		.name = c->row.name,
		.crl_url = c->row.crl_url,
		.crl_shards = c->row.crl_shards,
	};
	struct cross_row *row = &r->rows[which];

	spec.validity = overlap(&r->old->validity, &c->certificate.validity);
	if (spec.validity.not_after - spec.validity.not_before >=
	    spec.profile->max_validity_s)
		spec.validity.not_after =
		    spec.validity.not_before + spec.profile->max_validity_s - 1;
	spec.path_len = PATH_LEN_NONE;
	spec.name_constraints = c->constraints;
	if (authority_certify(c->authority, &spec, forward ? &r->old->info : &new,
		c->spec->actor, &r->crosses[which], v, err) != 0)
		return -1;
	memcpy(row->serial, r->crosses[which].row.serial, sizeof(row->serial));
	memcpy(
	    row->signer, forward ? r->retiring.name : c->row.name, sizeof(row->signer));
	memcpy(
	    row->issuer, forward ? c->row.name : r->retiring.name, sizeof(row->issuer));
	row->created = c->row.created;
	row->certificate = buf_bytes(&r->crosses[which].der);
	return 0;
}

static int
cross_roots(struct rotation *r, struct violations *v, struct error *err)
{
	struct creation *c = &r->creation;
	struct certificate_spec by_old = { .profile = profile_intermediate(),
		.issuer = r->old->cert,
		.key = c->spec->key,
		.subject = c->certificate.subject };
	struct certificate_spec by_new = { .profile = profile_intermediate(),
		.issuer = c->made.cert,
		.issuer_key = c->certificate.issuer_key,
		.key = X509_get0_pubkey(r->old->cert),
		.subject = X509_get_subject_name(r->old->cert) };
	int rc;

	/* The old root signs once more, and is certified itself. */
	if (authority_check_issuer_keys(c->authority, r->old, v, err) != 0 ||
	    violations_verdict(v, err) != 0 ||
	    issuers_key(&c->authority->issuers, r->old, &by_old.issuer_key, err) != 0)
		return -1;
	issuer_point(r->old, &by_old);
	rc = cross(r, NEW_BY_OLD, &by_old, v, err);
	EVP_PKEY_free(by_old.issuer_key);
	return rc == 0 ? cross(r, OLD_BY_NEW, &by_new, v, err) : -1;
}

static int
record(struct rotation *r, struct issuer *retiring, struct error *err)
{
	struct creation *c = &r->creation;
	const bool roots = c->parent == NULL;
	const struct certificate_row crossed[CROSSES] = { r->crosses[0].row,
		r->crosses[1].row };
	const struct audit_event events[] = {
		{ .actor = c->spec->actor,
		    .request = c->spec->request_id,
		    .action = "issuer.created",
		    .object = c->row.name,
		    .detail = buf_string(&c->made.subject) },
		{ .actor = c->spec->actor,
		    .request = c->spec->request_id,
		    .action = "issuer.rotated",
		    .object = r->retiring.name,
		    .detail = c->row.name },
	};
	struct issuer_addition addition = {
		.predecessor = &r->retiring,
		.certificates = roots ? crossed : &c->made.row,
		.certificate_count = roots ? CROSSES : 1,
		.crosses = r->rows,
		.cross_count = roots ? CROSSES : 0,
		.events = events,
		.event_count = sizeof(events) / sizeof(events[0]),
	};
	struct issuers *issuers = &c->authority->issuers;
	struct cross *made[CROSSES] = { NULL };

	if ((roots && (cross_new(&r->rows[0], &made[0], err) != 0 ||
			  cross_new(&r->rows[1], &made[1], err) != 0)) ||
	    creation_finish(c, &addition, err) != 0) {
		cross_free(made[0]);
		cross_free(made[1]);
		return -1;
	}
	/* From here on nothing can fail. */
	for (int i = 0; roots && i < CROSSES; i++)
		issuers_add_cross(issuers, made[i]);
	issuers_replace(issuers, r->old, retiring);
	return 0;
}

static int
rotate(struct rotation *r, const char *old, struct violations *v, struct error *err)
{
	struct creation *c = &r->creation;
	struct issuer *retiring;

	if (make_issuer(r, old, v, err) != 0 ||
	    (c->parent == NULL && cross_roots(r, v, err) != 0) ||
	    issuer_new(c->authority->libctx, &r->retiring, &retiring, err) != 0)
		return -1;
	if (record(r, retiring, err) == 0)
		return 0;
	issuer_free(retiring);
	return -1;
}

int
authority_rotate_issuer(struct authority *authority, const char *old,
    const struct issuer_spec *spec, struct violations *v, struct error *err)
{
	struct rotation r = { .spec = *spec };
	int rc;

	r.creation.authority = authority;
	r.creation.spec = &r.spec;
	authority_lock(authority);
	rc = rotate(&r, old, v, err);
	authority_unlock(authority);
	for (int i = 0; i < CROSSES; i++)
		authority_certificate_clear(&r.crosses[i]);
	creation_clear(&r.creation);
	return rc;
}
