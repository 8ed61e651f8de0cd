/* test_lint_extension.c - extensions that say where a relying party asks. */
#include "ca/lint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ca/constraints.h"
#include "tests/ca/scene.h"

#define CRL  "http://pki.example/crl/0"
#define OCSP "http://pki.example/ocsp"
#define CA   "http://pki.example/ca.cer"

/* Signs the leaf of a changed spec, and puts it in the leaf's place. */
static void
sign_leaf(struct scene *scene)
{
	scene->leaf = scene_sign(&scene->spec);
}

static void
names_the_urls_of_the_issuer(void **state)
{
	struct scene scene = *(struct scene *)*state;

	scene.spec.crl_url = CRL;
	scene.spec.ocsp_url = OCSP;
	scene.spec.ca_issuers_url = CA;
	sign_leaf(&scene);
	assert_int_equal(X509_get_ext_count(scene.leaf), 8);
	X509_free(scene.leaf);
}

static void
finds_other_crl_distribution_points(void **state)
{
	static const char *const others[] = { NULL, "URI:http://other.example/crl/0",
		"URI:" CRL ",URI:ldap://pki.example/crl", "URI:" CRL "0",
		"DNS:pki.example" };
	struct scene scene = *(struct scene *)*state;

	assert_true(lint_finds(*state,
	    with_extension(*state, NID_crl_distribution_points, "URI:" CRL),
	    RULE_CERT_CRL_DISTRIBUTION_POINT));
	scene.spec.crl_url = CRL;
	sign_leaf(&scene);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_true(lint_finds(&scene,
		    with_extension(&scene, NID_crl_distribution_points, others[i]),
		    RULE_CERT_CRL_DISTRIBUTION_POINT));
	X509_free(scene.leaf);
}

static void
finds_other_places_of_information(void **state)
{
	static const char *const others[] = { NULL, "OCSP;URI:" OCSP, "caIssuers;URI:" CA,
		"OCSP;URI:" OCSP ",caIssuers;URI:" OCSP,
		"OCSP;URI:" OCSP ",caIssuers;URI:" CA ",OCSP;URI:http://other.example" };
	struct scene scene = *(struct scene *)*state;

	assert_true(
	    lint_finds(*state, with_extension(*state, NID_info_access, "OCSP;URI:" OCSP),
		RULE_CERT_AUTHORITY_INFO_ACCESS));
	scene.spec.ocsp_url = OCSP;
	scene.spec.ca_issuers_url = CA;
	sign_leaf(&scene);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_true(
		    lint_finds(&scene, with_extension(&scene, NID_info_access, others[i]),
			RULE_CERT_AUTHORITY_INFO_ACCESS));
	X509_free(scene.leaf);
}

static void
exempts_only_ocsp_signers_from_ocsp(void **state)
{
	struct scene scene = *(struct scene *)*state;

	assert_true(
	    lint_finds(*state, with_extension(*state, NID_id_pkix_OCSP_noCheck, "NULL"),
		RULE_CERT_OCSP_NOCHECK));
	scene.spec.profile = profile_ocsp_signer();
	scene.spec.names = NULL;
	sign_leaf(&scene);
	assert_int_equal(X509_get_extended_key_usage(scene.leaf), XKU_OCSP_SIGN);
	assert_true(
	    lint_finds(&scene, with_extension(&scene, NID_id_pkix_OCSP_noCheck, NULL),
		RULE_CERT_OCSP_NOCHECK));
	assert_true(lint_finds(&scene,
	    with_extension(&scene, NID_subject_alt_name, "DNS:localhost"),
	    RULE_CERT_SAN));
	X509_free(scene.leaf);
}

/* An authority's, which are critical (RFC 5280 section 4.2.1.10). */
static void
finds_other_name_constraints(void **state)
{
	static const char *const others[] = { NULL, "critical,permitted;DNS:example",
		"critical,excluded;DNS:svc.example",
		"critical,permitted;DNS:svc.example,permitted;DNS:a.example" };
	const struct constraints_spec constraints = { .permitted = { "dns:svc.example" },
		.permitted_count = 1 };
	struct scene scene = *(struct scene *)*state;
	NAME_CONSTRAINTS *made;

	scene.spec.profile = profile_intermediate();
	scene.spec.names = NULL;
	scene.spec.path_len = 0;
	assert_int_equal(constraints_from_text(&constraints, &made, NULL), 0);
	scene.spec.name_constraints = made;
	sign_leaf(&scene);
	assert_false(
	    lint_finds(&scene, X509_dup(scene.leaf), RULE_CERT_NAME_CONSTRAINTS));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_true(lint_finds(&scene,
		    with_extension(&scene, NID_name_constraints, others[i]),
		    RULE_CERT_NAME_CONSTRAINTS));
	assert_true(lint_finds(&scene,
	    with_extension(&scene, NID_name_constraints, "permitted;DNS:svc.example"),
	    RULE_CERT_EXTENSIONS));
	scene.spec.name_constraints = NULL;
	assert_true(lint_finds(&scene, X509_dup(scene.leaf), RULE_CERT_NAME_CONSTRAINTS));
	X509_free(scene.leaf);
	NAME_CONSTRAINTS_free(made);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_the_urls_of_the_issuer),
		cmocka_unit_test(finds_other_crl_distribution_points),
		cmocka_unit_test(finds_other_places_of_information),
		cmocka_unit_test(exempts_only_ocsp_signers_from_ocsp),
		cmocka_unit_test(finds_other_name_constraints),
	};

	return cmocka_run_group_tests(tests, scene_open, scene_close);
}
