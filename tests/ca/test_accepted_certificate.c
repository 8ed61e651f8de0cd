/*
 * test_accepted_certificate.c - for each rule about certificates one that passes it. What
 * breaks it is in test_lint.c, test_lint_extension.c and test_lint_profile.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/ca/accepted.h"
#include "tests/ca/scene.h"
#include "tests/ca/support.h"

/* Makes what the spec says, and lints it once more. */
static struct violations
judge(const struct certificate_spec *spec)
{
	struct violations v = { 0 };
	X509 *cert = scene_sign(spec);

	lint_run(NULL, cert, spec, &v);
	nothing_is_wrong(&v);
	X509_free(cert);
	return v;
}

static void
passes_a_server_with_a_subject(void **state)
{
	const struct scene *scene = *state;
	struct violations v = judge(&scene->spec);

	passes(&v, RULE_CERT_VERSION);
	passes(&v, RULE_CERT_SERIAL);
	passes(&v, RULE_CERT_SIGNATURE_ALGORITHM);
	passes(&v, RULE_CERT_ISSUER);
	passes(&v, RULE_CERT_SUBJECT);
	passes(&v, RULE_CERT_VALIDITY);
	passes(&v, RULE_CERT_PUBLIC_KEY);
	passes(&v, RULE_CERT_EXTENSIONS);
	passes(&v, RULE_CERT_EXTENDED_KEY_USAGE);
	passes(&v, RULE_CERT_SUBJECT_KEY_ID);
	passes(&v, RULE_CERT_AUTHORITY_KEY_ID);
}

static void
passes_key_encipherment_that_was_decided_on(void **state)
{
	struct certificate_spec spec = ((const struct scene *)*state)->spec;
	struct violations v;

	spec.key_encipherment = true;
	v = judge(&spec);
	passes(&v, RULE_CERT_KEY_USAGE);
}

/* The names are critical then. */
static void
passes_names_without_a_subject(void **state)
{
	struct certificate_spec spec = ((const struct scene *)*state)->spec;
	struct violations v;

	spec.subject = X509_NAME_new();
	v = judge(&spec);
	passes(&v, RULE_CERT_SAN);
	X509_NAME_free(spec.subject);
}

/* Its end is after 2049: a GeneralizedTime beside a UTCTime. */
static void
passes_a_root_that_lives_long(void **state)
{
	const struct scene *scene = *state;
	struct violations v = judge(&scene->root_spec);

	assert_int_equal(X509_get0_notAfter(scene->root)->type, V_ASN1_GENERALIZEDTIME);
	assert_int_equal(X509_get0_notBefore(scene->root)->type, V_ASN1_UTCTIME);
	passes(&v, RULE_CERT_TIME_ENCODING);
	passes(&v, RULE_CERT_BASIC_CONSTRAINTS);
}

static void
passes_the_urls_of_the_issuer(void **state)
{
	struct certificate_spec spec = ((const struct scene *)*state)->spec;
	struct violations v;

	spec.crl_url = "http://ca.example/internal.crl";
	spec.ocsp_url = "http://ca.example/ocsp";
	spec.ca_issuers_url = "http://ca.example/internal.crt";
	v = judge(&spec);
	passes(&v, RULE_CERT_CRL_DISTRIBUTION_POINT);
	passes(&v, RULE_CERT_AUTHORITY_INFO_ACCESS);
}

static void
passes_an_ocsp_signer(void **state)
{
	struct certificate_spec spec = ((const struct scene *)*state)->spec;
	struct violations v;

	spec.profile = profile_ocsp_signer();
	spec.names = NULL;
	v = judge(&spec);
	passes(&v, RULE_CERT_OCSP_NOCHECK);
}

static void
passes_the_policies_of_the_profile(void **state)
{
	struct certificate_spec spec = ((const struct scene *)*state)->spec;
	struct profile p = model_profile();
	struct violations v;

	p.policies = (const char *const[]){ "1.2.3.4", "2.23.140.1.2.1", NULL };
	spec.profile = &p;
	v = judge(&spec);
	passes(&v, RULE_CERT_POLICIES);
	p.policies = NULL;
	v = judge(&spec);
	passes(&v, RULE_CERT_POLICIES);
}

/* That there is an OCSP URL is not what asks for stapling. */
static void
passes_stapling_where_the_profile_wants_it(void **state)
{
	struct certificate_spec spec = ((const struct scene *)*state)->spec;
	struct profile p = model_profile();
	struct violations v;

	spec.profile = &p;
	spec.ocsp_url = "http://ca.example/ocsp";
	p.must_staple = true;
	v = judge(&spec);
	passes(&v, RULE_CERT_TLS_FEATURE);
	p.must_staple = false;
	v = judge(&spec);
	passes(&v, RULE_CERT_TLS_FEATURE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_a_server_with_a_subject),
		cmocka_unit_test(passes_key_encipherment_that_was_decided_on),
		cmocka_unit_test(passes_names_without_a_subject),
		cmocka_unit_test(passes_a_root_that_lives_long),
		cmocka_unit_test(passes_the_urls_of_the_issuer),
		cmocka_unit_test(passes_an_ocsp_signer),
		cmocka_unit_test(passes_the_policies_of_the_profile),
		cmocka_unit_test(passes_stapling_where_the_profile_wants_it),
	};

	return cmocka_run_group_tests(tests, scene_open, scene_close);
}
