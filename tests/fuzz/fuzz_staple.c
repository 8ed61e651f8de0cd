/* fuzz_staple.c - any bytes as the OCSP answer that a server has with its certificate. */
#include "tests/fuzz/target.h"

#include "base/clock.h"
#include "probe/staple.h"
#include "tests/probe/certificates.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct identity identity;
	struct staple_question question = { .store = X509_STORE_new(),
		.chain = sk_X509_new_null(),
		.at = clock_now_s() };
	enum staple staple;
	int64_t until;

	if (identity.cert == NULL)
		identity_make(
		    &identity, &(struct identity_options){ .cn = "ca", .is_ca = 1 });
	question.issuer = identity.cert;
	must(X509_STORE_add_cert(question.store, identity.cert) == 1);
	must(sk_X509_push(question.chain, identity.cert) > 0);
	staple = staple_judge(&question, (struct bytes){ data, size }, &until);
	/* Its key was made just now: nobody else can have signed. */
	must(staple == (size == 0 ? STAPLE_NONE : STAPLE_BAD));
	sk_X509_free(question.chain);
	X509_STORE_free(question.store);
	return 0;
}
