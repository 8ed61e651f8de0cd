/* authority_install.c - issuers whose certificate another authority made. */
#include "ca/authority.h"

#include <openssl/x509v3.h>

#include "base/clock.h"
#include "ca/authority_key.h"
#include "ca/bundle.h"
#include "ca/certtext.h"
#include "ca/creation.h"

static void
use_bundle(struct issuer_row *row, const struct bundle *bundle)
{
	row->certificate = buf_bytes(&bundle->der);
	row->chain = buf_bytes(&bundle->chain);
}

static int
check(struct authority *authority, const struct bundle *bundle,
    const struct bundle_wanted *wanted, struct warnings *w, struct violations *v,
    struct error *err)
{
	if (bundle_check(authority->libctx, bundle, wanted, w, v, err) != 0)
		return -1;
	return violations_verdict(v, err);
}

/* An issuer that was imported made no request: its subject is that of its certificate. */
static X509_NAME *
asked_subject(const struct issuer *issuer)
{
	const unsigned char *p = issuer->row.request.data;
	X509_REQ *req;
	X509_NAME *name;

	if (issuer->row.request.len == 0)
		return X509_NAME_dup(X509_get_subject_name(issuer->cert));
	if ((req = d2i_X509_REQ(NULL, &p, (long)issuer->row.request.len)) == NULL)
		return NULL;
	name = X509_NAME_dup(X509_REQ_get_subject_name(req));
	X509_REQ_free(req);
	return name;
}

static int
check_answer(struct authority *authority, const struct issuer *issuer,
    const struct bundle *bundle, struct warnings *w, struct violations *v,
    struct error *err)
{
	X509_NAME *subject = asked_subject(issuer);
	const struct bundle_wanted wanted = { .spki_sha256 = issuer->row.key_spki_sha256,
		.subject = subject,
		.now = clock_now_s() };
	int rc;

	if (subject == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "an issuer's subject");
	rc = authority_check_issuer_keys(authority, issuer, v, err);
	if (rc == 0)
		rc = check(authority, bundle, &wanted, w, v, err);
	X509_NAME_free(subject);
	return rc;
}

static int
record(struct authority *authority, struct issuer *old, const struct issuer_row *row,
    const struct issuer_spec *spec, struct error *err)
{
	struct audit_event event = {
		.actor = spec->actor,
		.request = spec->request_id,
		.action = "issuer.installed",
		.object = row->name,
	};
	struct issuer *issuer;

	if (issuer_new(authority->libctx, row, &issuer, err) != 0)
		return -1;
	event.detail = issuer->serial;
	if (store_issuer_change(authority->store, row, &event, err) != 0) {
		issuer_free(issuer);
		return -1;
	}
	issuers_replace(&authority->issuers, old, issuer);
	authority_changed(authority);
	return 0;
}

static int
install(struct authority *authority, const struct issuer_spec *spec,
    const struct bundle *bundle, struct warnings *w, struct violations *v,
    struct error *err)
{
	struct issuer_row row;
	struct issuer *old;

	if (issuers_find_any(&authority->issuers, spec->name, &old, err) != 0)
		return -1;
	if (!old->info.external)
		return error_set(err, ERROR_CONFLICT,
		    "issuer %s was signed in this house", spec->name);
	row = old->row;
	use_bundle(&row, bundle);
	if (row.state == ISSUER_PENDING)
		row.state = ISSUER_ACTIVE;
	if (check_answer(authority, old, bundle, w, v, err) != 0)
		return -1;
	return record(authority, old, &row, spec, err);
}

int
authority_install_certificate(struct authority *authority, const struct issuer_spec *spec,
    struct bytes body, struct warnings *w, struct violations *v, struct error *err)
{
	struct bundle bundle;
	int rc = bundle_read(authority->libctx, body, &bundle, err);

	if (rc == 0) {
		authority_lock(authority);
		rc = install(authority, spec, &bundle, w, v, err);
		authority_unlock(authority);
	}
	bundle_clear(&bundle);
	return rc;
}

static int
import(struct creation *c, const struct bundle *bundle, struct warnings *w,
    struct violations *v, struct error *err)
{
	struct bundle_wanted wanted = { .spki_sha256 = c->row.key_spki_sha256 };
	struct audit_event event = {
		.actor = c->spec->actor,
		.request = c->spec->request_id,
		.action = "issuer.imported",
		.object = c->spec->name,
	};
	struct issuer_addition addition = { .events = &event, .event_count = 1 };
	struct buffer subject;
	int rc = -1;

	buf_init(&subject, 0);
	if (creation_begin(c, v, err) != 0)
		goto out;
	wanted.now = c->row.created;
	if (check(c->authority, bundle, &wanted, w, v, err) != 0 ||
	    certtext_subject(bundle->cert, &subject, err) != 0)
		goto out;
	use_bundle(&c->row, bundle);
	event.detail = buf_string(&subject);
	rc = creation_finish(c, &addition, err);
out:
	buf_free(&subject);
	return rc;
}

int
authority_import_issuer(struct authority *authority, const struct issuer_spec *spec,
    struct bytes body, struct warnings *w, struct violations *v, struct error *err)
{
	struct creation c = { .authority = authority, .spec = spec };
	struct bundle bundle;
	int rc = bundle_read(authority->libctx, body, &bundle, err);

	if (rc == 0) {
		authority_lock(authority);
		rc = import(&c, &bundle, w, v, err);
		authority_unlock(authority);
	}
	creation_clear(&c);
	bundle_clear(&bundle);
	return rc;
}
