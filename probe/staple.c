/* staple.c - reads a stapled OCSP answer and judges it at a time of choice. */
#include "probe/staple.h"

#include <stdbool.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "probe/certificate.h"

static const char *const names[] = {
	[STAPLE_NONE] = "none",
	[STAPLE_GOOD] = "good",
	[STAPLE_REVOKED] = "revoked",
	[STAPLE_UNKNOWN] = "unknown",
	[STAPLE_STALE] = "stale",
	[STAPLE_BAD] = "bad",
};

const char *
staple_name(enum staple staple)
{
	return names[staple];
}

static OCSP_BASICRESP *
read_answer(struct bytes der)
{
	const unsigned char *next = der.data;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &next, (long)der.len);
	OCSP_BASICRESP *basic = NULL;

	if (response != NULL && next == der.data + der.len &&
	    OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL)
		basic = OCSP_response_get1_basic(response);
	OCSP_RESPONSE_free(response);
	return basic;
}

/* The hash is the responder's choice. */
static int
is_about(OCSP_SINGLERESP *single, X509 *cert, X509 *issuer)
{
	OCSP_CERTID *theirs = (OCSP_CERTID *)OCSP_SINGLERESP_get0_id(single), *ours;
	ASN1_OBJECT *hash = NULL;
	const EVP_MD *digest;
	int is_same;

	OCSP_id_get0_info(NULL, &hash, NULL, NULL, theirs);
	if ((digest = EVP_get_digestbyobj(hash)) == NULL)
		return 0;
	ours = OCSP_cert_to_id(digest, cert, issuer);
	is_same = ours != NULL && OCSP_id_cmp(ours, theirs) == 0;
	OCSP_CERTID_free(ours);
	return is_same;
}

static enum staple
judge_single(OCSP_SINGLERESP *single, int64_t at, int64_t *until)
{
	ASN1_GENERALIZEDTIME *from = NULL, *to = NULL;
	int reason, status = OCSP_single_get0_status(single, &reason, NULL, &from, &to);

	*until = to != NULL ? certificate_time(to) : 0;
	/* Which does not end with the answer. */
	if (status == V_OCSP_CERTSTATUS_REVOKED)
		return STAPLE_REVOKED;
	if (from == NULL || certificate_time(from) > at || (to != NULL && *until < at))
		return STAPLE_STALE;
	return status == V_OCSP_CERTSTATUS_GOOD ? STAPLE_GOOD : STAPLE_UNKNOWN;
}

/* The answer need not bring its signer, and no server sends the root that may be it. */
static bool
is_signed(const struct staple_question *question, OCSP_BASICRESP *basic)
{
	STACK_OF(X509) *known = X509_chain_up_ref(question->chain);
	bool is = false;

	if (known != NULL &&
	    X509_add_cert(known, question->issuer, X509_ADD_FLAG_UP_REF) == 1)
		is = OCSP_basic_verify(basic, known, question->store, 0) == 1;
	sk_X509_pop_free(known, X509_free);
	return is;
}

static enum staple
judge_answer(
    const struct staple_question *question, OCSP_BASICRESP *basic, int64_t *until)
{
	X509 *cert = sk_X509_value(question->chain, 0);

	if (question->issuer == NULL || !is_signed(question, basic))
		return STAPLE_BAD;
	for (int i = 0; i < OCSP_resp_count(basic); i++) {
		OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);

		if (is_about(single, cert, question->issuer))
			return judge_single(single, question->at, until);
	}
	return STAPLE_BAD;
}

enum staple
staple_judge(const struct staple_question *question, struct bytes der, int64_t *until)
{
	enum staple staple = STAPLE_BAD;
	OCSP_BASICRESP *basic;

	*until = 0;
	if (der.len == 0)
		return STAPLE_NONE;
	if ((basic = read_answer(der)) != NULL)
		staple = judge_answer(question, basic, until);
	OCSP_BASICRESP_free(basic);
	ERR_clear_error();
	return staple;
}
