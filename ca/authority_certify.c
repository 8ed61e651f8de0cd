/* authority_certify.c - what certificates have in common that no request asks for. */
#include "ca/authority_certify.h"

#include <openssl/evp.h>

#include "base/clock.h"
#include "base/text.h"
#include "ca/certtext.h"
#include "ca/crl_point.h"
#include "ca/draft.h"
#include "ca/spki.h"

static int
take_serial(struct authority *authority, struct certificate_spec *spec,
    const struct issuer_info *signer, struct authority_certificate *made,
    struct error *err)
{
	char text[STORE_SERIAL_SIZE];

	if (serial_new(authority->libctx, spec->serial, err) != 0)
		return -1;
	if (signer == NULL)
		return 0;
	hex_encode(text, spec->serial, SERIAL_BYTES);
	made->crl_shard = crl_point_choose(signer, text, &made->crl_url);
	if (buf_failed(&made->crl_url))
		return error_set(err, ERROR_INTERNAL, "out of memory");
	spec->crl_url = profile_url(spec->profile->crl_url, buf_string(&made->crl_url));
	return store_certificate_reserve(authority->store, text, signer->name, err);
}

static int
sign(OSSL_LIB_CTX *libctx, const struct certificate_spec *spec, struct buffer *der,
    struct violations *v, struct error *err)
{
	struct draft draft;
	int rc = -1;

	if (draft_make(libctx, spec, &draft, v, err) == 0 &&
	    violations_verdict(v, err) == 0)
		rc = draft_sign(libctx, &draft, spec, der, err);
	draft_clear(&draft);
	return rc;
}

static int
parse(OSSL_LIB_CTX *libctx, struct authority_certificate *made, struct error *err)
{
	const unsigned char *p = made->der.data;

	made->cert = X509_new_ex(libctx, NULL);
	if (made->cert != NULL && d2i_X509(&made->cert, &p, (long)made->der.len) != NULL)
		return 0;
	return error_set_openssl(err, ERROR_INTERNAL, "parse the certificate just made");
}

int
authority_certificate_describe(OSSL_LIB_CTX *libctx, const X509 *cert,
    const struct authority_origin *origin, struct buffer *subject,
    struct certificate_row *row, struct error *err)
{
	struct validity validity;

	*row = (struct certificate_row){
		.status = CERTIFICATE_VALID, .created = clock_now_s(), .names = ""
	};
	if (certtext_serial(cert, row->serial, err) != 0 ||
	    certtext_validity(cert, &validity, err) != 0 ||
	    certtext_subject(cert, subject, err) != 0 ||
	    spki_sha256_encoded(
		libctx, X509_get_X509_PUBKEY(cert), row->spki_sha256, err) != 0)
		return -1;
	if (text_copy(row->issuer, sizeof(row->issuer), origin->signer) != 0 ||
	    text_copy(row->profile, sizeof(row->profile), origin->profile) != 0 ||
	    text_copy(row->requester, sizeof(row->requester), origin->actor) != 0)
		return error_set(
		    err, ERROR_BAD_REQUEST, "the requester's name is too long");
	row->not_before = validity.not_before;
	row->not_after = validity.not_after;
	row->subject = buf_string(subject);
	return buf_failed(subject) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
}

int
authority_certify(struct authority *authority, struct certificate_spec *spec,
    const struct issuer_info *signer, const char *actor,
    struct authority_certificate *made, struct violations *v, struct error *err)
{
	const struct authority_origin origin = {
		.signer = signer != NULL ? signer->name : "",
		.profile = spec->profile->name,
		.actor = actor,
	};

	*made = (struct authority_certificate){ 0 };
	if (take_serial(authority, spec, signer, made, err) != 0 ||
	    sign(authority->libctx, spec, &made->der, v, err) != 0 ||
	    parse(authority->libctx, made, err) != 0 ||
	    authority_certificate_describe(authority->libctx, made->cert, &origin,
		&made->subject, &made->row, err) != 0)
		return -1;
	made->row.crl_shard = made->crl_shard;
	made->row.certificate = buf_bytes(&made->der);
	return 0;
}

void
authority_certificate_clear(struct authority_certificate *made)
{
	X509_free(made->cert);
	buf_free(&made->der);
	buf_free(&made->subject);
	buf_free(&made->crl_url);
	*made = (struct authority_certificate){ 0 };
}

static int
push(STACK_OF(X509) * list, X509 *cert, struct error *err)
{
	if (X509_up_ref(cert) != 1)
		return error_set(err, ERROR_INTERNAL, "reference to a certificate");
	if (sk_X509_push(list, cert) > 0)
		return 0;
	X509_free(cert);
	return error_set(err, ERROR_INTERNAL, "out of memory");
}

static int
push_above(struct authority *authority, const struct issuer *issuer,
    STACK_OF(X509) * list, struct error *err)
{
	struct issuer *parent;

	while (issuer->info.parent != NULL) {
		if (issuers_find(
			&authority->issuers, issuer->info.parent, &parent, err) != 0 ||
		    push(list, parent->cert, err) != 0)
			return -1;
		issuer = parent;
	}
	for (int i = 0; i < sk_X509_num(issuer->outside); i++)
		if (push(list, sk_X509_value(issuer->outside, i), err) != 0)
			return -1;
	return 0;
}

int
authority_above(struct authority *authority, const struct issuer *issuer,
    STACK_OF(X509) * *above, struct error *err)
{
	STACK_OF(X509) *list = sk_X509_new_null();

	if (list == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	if (push_above(authority, issuer, list, err) != 0) {
		sk_X509_pop_free(list, X509_free);
		return -1;
	}
	*above = list;
	return 0;
}
