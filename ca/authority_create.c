/* authority_create.c - makes a new issuer: a root, or an intermediate under another. */
#include "ca/authority.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "base/text.h"
#include "ca/authority_key.h"
#include "ca/certtext.h"
#include "ca/draft.h"
#include "ca/issuer_url.h"
#include "ca/keycheck.h"
#include "ca/spki.h"
#include "ca/subject.h"
#include "store/ocsp.h"

/* An issuer in the making. */
struct creation {
	struct authority *authority;
	const struct issuer_spec *spec;
	struct issuer *parent; /* NULL for a root */
	struct issuer_row row;
	struct certificate_spec certificate;
};

/* Who may sign OCSP answers must not come to sign certificates. */
static int
check_signs_no_ocsp(struct creation *c, struct error *err)
{
	bool exists = false;

	if (store_ocsp_signer_exists(
		c->authority->store, c->row.key_spki_sha256, &exists, err) != 0)
		return -1;
	return exists ? error_set(err, ERROR_CONFLICT, "the key signs OCSP answers") : 0;
}

static int
check_free(struct creation *c, struct error *err)
{
	struct issuers *issuers = &c->authority->issuers;
	struct issuer *other;

	if (!name_is_valid(c->spec->name) ||
	    text_copy(c->row.name, sizeof(c->row.name), c->spec->name) != 0)
		return error_set(
		    err, ERROR_BAD_REQUEST, "\"%.64s\" is not a name", c->spec->name);
	if (issuers_find(issuers, c->spec->name, &other, NULL) == 0)
		return error_set(
		    err, ERROR_CONFLICT, "issuer %s exists already", c->spec->name);
	if (spki_sha256(
		c->authority->libctx, c->spec->key, c->row.key_spki_sha256, err) != 0)
		return -1;
	if (issuers_use_key(issuers, c->row.key_spki_sha256))
		return error_set(err, ERROR_CONFLICT, "the key serves another issuer");
	return check_signs_no_ocsp(c, err);
}

static int
find_parent(struct creation *c, struct error *err)
{
	if (c->spec->parent == NULL) {
		c->certificate.profile = profile_root();
		c->certificate.issuer_key = c->spec->key;
		return EVP_PKEY_up_ref(c->spec->key) == 1
			   ? 0
			   : error_set(err, ERROR_INTERNAL, "reference to a key");
	}
	if (issuers_find(&c->authority->issuers, c->spec->parent, &c->parent, err) != 0)
		return -1;
	if (issuer_check_active(c->parent, err) != 0 ||
	    authority_check_unrevoked(c->authority, c->parent, err) != 0)
		return -1;
	memcpy(c->row.parent, c->parent->row.name, sizeof(c->row.parent));
	c->certificate.profile = profile_intermediate();
	issuer_point(c->parent, &c->certificate);
	c->certificate.issuer = c->parent->cert;
	return issuers_key(
	    &c->authority->issuers, c->parent, &c->certificate.issuer_key, err);
}

static int
choose_urls(struct creation *c, struct violations *v, struct error *err)
{
	const struct issuer_spec *spec = c->spec;

	c->row.crl_shards = spec->crl_shards != 0 ? spec->crl_shards : 1;
	return issuer_set_urls(
	    &c->row, spec->crl_url, spec->ocsp_url, spec->ca_issuers_url, v, err);
}

static int
choose_subject(struct creation *c, struct violations *v, struct error *err)
{
	X509_NAME *subject;

	if (subject_from_text(c->spec->subject, &c->certificate.subject, err) != 0)
		return -1;
	subject = c->certificate.subject;
	if (X509_NAME_entry_count(subject) == 0)
		violations_add(
		    v, RULE_ISSUER_SUBJECT, "subject", "an issuer needs a subject");
	else if (c->parent != NULL &&
		 X509_NAME_cmp(subject, X509_get_subject_name(c->parent->cert)) == 0)
		violations_add(v, RULE_ISSUER_SUBJECT, "subject",
		    "the same as its issuer's, which would make it look self-signed");
	return 0;
}

static int
choose_path_len(struct creation *c, struct violations *v, struct error *err)
{
	long above =
	    c->parent != NULL ? X509_get_pathlen(c->parent->cert) : PATH_LEN_NONE;
	int wanted = c->spec->path_len;

	if (wanted < PATH_LEN_NONE)
		return error_set(err, ERROR_BAD_REQUEST, "path_len %d", wanted);
	if (wanted == PATH_LEN_NONE && c->parent != NULL)
		wanted = 0;
	if (above != PATH_LEN_NONE && wanted >= above)
		violations_add(v, RULE_ISSUER_PATH_LENGTH, "path_len",
		    "%d; issuer %s has a path length of %ld", wanted, c->parent->row.name,
		    above);
	c->certificate.path_len = wanted;
	return 0;
}

static int
judge(struct creation *c, struct violations *v, struct error *err)
{
	OSSL_LIB_CTX *libctx = c->authority->libctx;

	c->certificate.key = c->spec->key;
	c->row.created = clock_now_s();
	if (choose_urls(c, v, err) != 0 || choose_subject(c, v, err) != 0 ||
	    choose_path_len(c, v, err) != 0 ||
	    keycheck_key(libctx, c->spec->key, v, err) != 0 ||
	    authority_check_key(
		c->authority, c->row.key_spki_sha256, c->spec->key, v, err) != 0 ||
	    authority_check_issuer_keys(c->authority, c->parent, v, err) != 0 ||
	    serial_new(libctx, c->certificate.serial, err) != 0)
		return -1;
	validity_choose(c->certificate.profile, c->spec->validity_s, c->row.created,
	    c->parent != NULL ? &c->parent->validity : NULL, &c->certificate.validity, v);
	return violations_verdict(v, err);
}

static int
sign(struct creation *c, X509 **cert, struct violations *v, struct error *err)
{
	OSSL_LIB_CTX *libctx = c->authority->libctx;
	struct draft draft;
	int rc = -1;

	if (draft_make(libctx, &c->certificate, &draft, v, err) == 0 &&
	    violations_verdict(v, err) == 0)
		rc = draft_sign(libctx, &draft, &c->certificate, cert, err);
	draft_clear(&draft);
	return rc;
}

static int
record(struct creation *c, struct bytes der, struct error *err)
{
	struct audit_event event = {
		.actor = c->spec->actor,
		.action = "issuer.created",
		.object = c->spec->name,
	};
	struct issuer *issuer;

	c->row.certificate = der;
	if (issuer_new(c->authority->libctx, &c->row, &issuer, err) != 0)
		return -1;
	event.detail = issuer->info.subject;
	if (store_issuer_add(c->authority->store, &c->row, &event, err) != 0) {
		issuer_free(issuer);
		return -1;
	}
	issuers_append(&c->authority->issuers, issuer);
	authority_changed(c->authority);
	return 0;
}

static int
create(struct creation *c, struct violations *v, struct error *err)
{
	X509 *cert = NULL;
	struct buffer der;
	int rc = -1;

	buf_init(&der, 0);
	if (check_free(c, err) != 0 || find_parent(c, err) != 0 ||
	    judge(c, v, err) != 0 || sign(c, &cert, v, err) != 0 ||
	    certtext_der(cert, &der, err) != 0)
		goto out;
	rc = record(c, buf_bytes(&der), err);
out:
	X509_free(cert);
	buf_free(&der);
	X509_NAME_free(c->certificate.subject);
	EVP_PKEY_free(c->certificate.issuer_key);
	return rc;
}

int
authority_create_issuer(struct authority *authority, const struct issuer_spec *spec,
    struct violations *v, struct error *err)
{
	struct creation c = { .authority = authority, .spec = spec };
	int rc;

	if (pthread_mutex_lock(&authority->creating) != 0)
		abort();
	rc = create(&c, v, err);
	if (pthread_mutex_unlock(&authority->creating) != 0)
		abort();
	return rc;
}
