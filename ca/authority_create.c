/* authority_create.c - makes a new issuer: a root, or an intermediate under another. */
#include "ca/authority.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "base/pem.h"
#include "base/text.h"
#include "ca/authority_key.h"
#include "ca/constraints.h"
#include "ca/creation.h"
#include "ca/csr.h"
#include "ca/issuer_url.h"
#include "ca/keycheck.h"
#include "ca/spki.h"
#include "ca/subject.h"
#include "store/ocsp.h"

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
	if (issuers_find_any(issuers, c->spec->name, &other, NULL) == 0)
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
	if (authority_above(c->authority, c->parent, &c->above, err) != 0)
		return -1;
	c->certificate.above = c->above;
	c->certificate.profile = profile_intermediate();
	issuer_point(c->parent, &c->certificate);
	c->certificate.issuer = c->parent->cert;
	return issuers_key(
	    &c->authority->issuers, c->parent, &c->certificate.issuer_key, err);
}

static int
choose_subject(struct creation *c, struct violations *v, struct error *err)
{
	X509_NAME *subject;

	if (c->certificate.subject == NULL &&
	    subject_from_text(c->spec->subject, &c->certificate.subject, err) != 0)
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
choose_constraints(struct creation *c, struct error *err)
{
	if (c->constraints == NULL && c->spec->constraints != NULL &&
	    constraints_from_text(c->spec->constraints, &c->constraints, err) != 0)
		return -1;
	c->certificate.name_constraints = c->constraints;
	return 0;
}

int
creation_begin(struct creation *c, struct violations *v, struct error *err)
{
	const struct issuer_spec *spec = c->spec;

	if (check_free(c, err) != 0)
		return -1;
	c->row.created = clock_now_s();
	c->row.crl_shards = spec->crl_shards != 0 ? spec->crl_shards : 1;
	if (issuer_set_urls(&c->row, spec->crl_url, spec->ocsp_url, spec->ca_issuers_url,
		v, err) != 0)
		return -1;
	if (keycheck_key(c->authority->libctx, spec->key, v, err) != 0)
		return -1;
	return authority_check_key(
	    c->authority, c->row.key_spki_sha256, spec->key, v, err);
}

int
creation_sign(struct creation *c, struct violations *v, struct error *err)
{
	c->certificate.key = c->spec->key;
	if (find_parent(c, err) != 0 ||
	    authority_check_issuer_keys(c->authority, c->parent, v, err) != 0 ||
	    choose_subject(c, v, err) != 0 || choose_path_len(c, v, err) != 0 ||
	    choose_constraints(c, err) != 0)
		return -1;
	validity_choose(c->certificate.profile, c->spec->validity_s, c->row.created,
	    c->parent != NULL ? &c->parent->validity : NULL, &c->certificate.validity, v);
	if (violations_verdict(v, err) != 0 ||
	    authority_certify(c->authority, &c->certificate,
		c->parent != NULL ? &c->parent->info : NULL, c->spec->actor, &c->made, v,
		err) != 0)
		return -1;
	c->row.certificate = buf_bytes(&c->made.der);
	return 0;
}

int
creation_finish(struct creation *c, struct issuer_addition *addition, struct error *err)
{
	struct issuer *issuer;

	if (issuer_new(c->authority->libctx, &c->row, &issuer, err) != 0)
		return -1;
	addition->issuer = &c->row;
	if (store_issuer_add_with(c->authority->store, addition, err) != 0) {
		issuer_free(issuer);
		return -1;
	}
	issuers_append(&c->authority->issuers, issuer);
	authority_changed(c->authority);
	return 0;
}

void
creation_clear(struct creation *c)
{
	authority_certificate_clear(&c->made);
	sk_X509_pop_free(c->above, X509_free);
	NAME_CONSTRAINTS_free(c->constraints);
	X509_NAME_free(c->certificate.subject);
	EVP_PKEY_free(c->certificate.issuer_key);
}

static int
create(struct creation *c, struct violations *v, struct error *err)
{
	struct audit_event event = {
		.actor = c->spec->actor,
		.request = c->spec->request_id,
		.action = "issuer.created",
		.object = c->spec->name,
	};
	struct issuer_addition addition = {
		.events = &event,
		.event_count = 1,
		.certificates = &c->made.row,
	};

	if (creation_begin(c, v, err) != 0 || creation_sign(c, v, err) != 0)
		return -1;
	addition.certificate_count = c->parent != NULL;
	event.detail = buf_string(&c->made.subject);
	return creation_finish(c, &addition, err);
}

static int
make_request(struct creation *c, struct buffer *der, struct error *err)
{
	static const char *const labels[] = { "CERTIFICATE REQUEST", NULL };
	const struct csr_spec spec = { .key = c->spec->key,
		.subject = c->spec->subject,
		.authority = true,
		.path_len = c->spec->path_len };
	struct buffer pem;
	int rc = -1;

	buf_init(&pem, 0);
	if (csr_build(c->authority->libctx, &spec, &pem, err) == 0)
		rc = pem_read(buf_bytes(&pem), labels, der, err);
	buf_free(&pem);
	return rc;
}

/* Nobody here signs it: what there is to judge is its key and that it has a subject. */
static int
request(struct creation *c, struct violations *v, struct error *err)
{
	const struct audit_event event = {
		.actor = c->spec->actor,
		.request = c->spec->request_id,
		.action = "issuer.requested",
		.object = c->spec->name,
		.detail = c->spec->subject,
	};
	struct issuer_addition addition = { .events = &event, .event_count = 1 };
	struct buffer der;
	int rc = -1;

	buf_init(&der, 0);
	if (creation_begin(c, v, err) != 0 || choose_subject(c, v, err) != 0 ||
	    violations_verdict(v, err) != 0 || make_request(c, &der, err) != 0)
		goto out;
	c->row.state = ISSUER_PENDING;
	c->row.request = buf_bytes(&der);
	rc = creation_finish(c, &addition, err);
out:
	buf_free(&der);
	return rc;
}

void
authority_lock(struct authority *authority)
{
	if (pthread_mutex_lock(&authority->creating) != 0)
		abort();
}

void
authority_unlock(struct authority *authority)
{
	if (pthread_mutex_unlock(&authority->creating) != 0)
		abort();
}

int
authority_create_issuer(struct authority *authority, const struct issuer_spec *spec,
    struct violations *v, struct error *err)
{
	struct creation c = { .authority = authority, .spec = spec };
	int rc;

	authority_lock(authority);
	rc = spec->external ? request(&c, v, err) : create(&c, v, err);
	authority_unlock(authority);
	creation_clear(&c);
	return rc;
}
