/* test_api_forms.c - certificates and chains in PEM, DER and PKCS#7. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/pem.h>

#include "tests/api/issuing.h"

/* The certificates in the body: a leaf, and one more in a chain. */
static STACK_OF(X509) * read_body(const struct fixture *f, PKCS7 **message)
{
	const unsigned char *p = f->res.body.data;
	STACK_OF(X509) *certs = sk_X509_new_null();

	*message = NULL;
	if (strcmp(f->res.content_type, DER) == 0) {
		sk_X509_push(certs, d2i_X509(NULL, &p, (long)f->res.body.len));
	} else if (strncmp(f->res.content_type, CERTS, strlen(CERTS)) == 0) {
		assert_non_null(*message = d2i_PKCS7(NULL, &p, (long)f->res.body.len));
		assert_true(PKCS7_type_is_signed(*message));
		assert_int_equal(
		    sk_PKCS7_SIGNER_INFO_num((*message)->d.sign->signer_info), 0);
		for (int i = 0; i < sk_X509_num((*message)->d.sign->cert); i++)
			sk_X509_push(
			    certs, X509_dup(sk_X509_value((*message)->d.sign->cert, i)));
	} else {
		BIO *in = BIO_new_mem_buf(body_text(f), -1);
		X509 *cert;

		while ((cert = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL)
			sk_X509_push(certs, cert);
		BIO_free(in);
		p += f->res.body.len;
	}
	assert_ptr_equal(p, f->res.body.data + f->res.body.len);
	return certs;
}

static void
check_forms(struct fixture *f, const char *target, const char *subject, int chain)
{
	static const char *const forms[] = { CHAIN, PEM, DER, CERTS };
	bool is_chain = strstr(target, "/chain") != NULL;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		bool whole = strcmp(forms[i], CHAIN) == 0 || strcmp(forms[i], CERTS) == 0;
		STACK_OF(X509) * certs;
		PKCS7 *message;
		char name[128];

		f->accept = forms[i];
		get(f, target);
		f->accept = NULL;
		if (is_chain ? !whole : strcmp(forms[i], CHAIN) == 0) {
			assert_problem(f, 406, "not-acceptable");
			continue;
		}
		assert_int_equal(f->res.status, 200);
		certs = read_body(f, &message);
		assert_int_equal(sk_X509_num(certs), whole ? chain : 1);
		X509_NAME_oneline(
		    X509_get_subject_name(sk_X509_value(certs, 0)), name, sizeof(name));
		assert_string_equal(name, subject);
		sk_X509_pop_free(certs, X509_free);
		PKCS7_free(message);
	}
}

static void
shows_certificates_and_chains_in_every_form(void **state)
{
	struct fixture *f = *state;
	char serial[41], target[192], chain[200];

	issue_to_localhost(f, serial);
	snprintf(target, sizeof(target), "/v1/certificates/%s", serial);
	snprintf(chain, sizeof(chain), "%s/chain", target);
	check_forms(f, target, "/CN=localhost", 2);
	check_forms(f, chain, "/CN=localhost", 2);
	check_forms(f, "/v1/issuers/internal/certificate", "/CN=internal", 1);
	check_forms(f, "/v1/issuers/internal/chain", "/CN=internal", 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_certificates_and_chains_in_every_form),
	};

	return cmocka_run_group_tests(tests, issuing_open, fixture_close);
}
