/* test_lint.c - a good certificate, and each way in which it could have gone wrong. */
#include "ca/lint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ca/draft.h"
#include "ca/san.h"
#include "ca/subject.h"
#include "tests/ca/scene.h"
#include "tests/ca/support.h"

static void
passes_what_was_made(void **state)
{
	struct scene *scene = *state;
	struct violations v = { 0 };

	lint_run(NULL, scene->leaf, &scene->spec, &v);
	assert_int_equal(v.count, 0);
	lint_run(NULL, scene->root, &scene->root_spec, &v);
	assert_int_equal(v.count, 0);
	assert_int_equal(X509_get_ext_count(scene->leaf), 6);
	assert_int_equal(X509_get_ext_count(scene->root), 4);
}

static void
makes_certificates_with_every_type_of_key(void **state)
{
	EVP_PKEY *keys[] = { ec_key("P-256"), ec_key("P-384"), ec_key("P-521"),
		rsa_key(2048), rsa_pss_key(), ed25519_key() };

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct certificate_spec spec;

		scene_fill_root(&spec, keys[i], 1000);
		X509_free(scene_sign(&spec));
		X509_NAME_free(spec.subject);
		EVP_PKEY_free(keys[i]);
	}
}

static void
signs_nothing_that_another_key_verifies(void **state)
{
	struct scene *scene = *state;
	struct certificate_spec spec = scene->spec;
	struct violations v = { 0 };
	struct error err = { 0 };
	struct draft draft;
	struct buffer der;

	buf_init(&der, 0);
	spec.issuer_key = scene->spec.key;
	assert_int_equal(draft_make(NULL, &spec, &draft, &v, &err), 0);
	assert_int_equal(draft_sign(NULL, &draft, &spec, &der, &err), -1);
	assert_int_equal(der.len, 0);
	draft_clear(&draft);
}

static void
finds_another_version(void **state)
{
	X509 *copy = X509_dup(((struct scene *)*state)->leaf);

	X509_set_version(copy, X509_VERSION_2);
	assert_true(lint_finds(*state, copy, RULE_CERT_VERSION));
}

static void
finds_another_serial(void **state)
{
	X509 *copy = X509_dup(((struct scene *)*state)->leaf);

	ASN1_INTEGER_set(X509_get_serialNumber(copy), 5);
	assert_true(lint_finds(*state, copy, RULE_CERT_SERIAL));
}

static void
finds_another_signature_algorithm(void **state)
{
	X509 *copy = X509_dup(((struct scene *)*state)->leaf);

	X509_ALGOR_set0((X509_ALGOR *)X509_get0_tbs_sigalg(copy),
	    OBJ_nid2obj(NID_sha384WithRSAEncryption), V_ASN1_NULL, NULL);
	assert_true(lint_finds(*state, copy, RULE_CERT_SIGNATURE_ALGORITHM));
}

static void
finds_an_algorithm_without_its_parameters(void **state)
{
	X509 *copy = X509_dup(((struct scene *)*state)->leaf);
	const X509_ALGOR *outer;

	X509_get0_signature(NULL, &outer, copy);
	X509_ALGOR_set0((X509_ALGOR *)outer, OBJ_nid2obj(NID_sha256WithRSAEncryption),
	    V_ASN1_UNDEF, NULL);
	X509_ALGOR_copy((X509_ALGOR *)X509_get0_tbs_sigalg(copy), outer);
	assert_true(lint_finds(*state, copy, RULE_CERT_SIGNATURE_ALGORITHM));
}

/* Each octet that says something: hash, MGF1's hash, the salt's length. */
static void
finds_other_parameters_of_rsa_pss(void **state)
{
	static const size_t offsets[] = { 29, 59, 66 };
	struct certificate_spec spec;
	X509 *cert;

	(void)state;
	scene_fill_root(&spec, rsa_pss_key(), 1000);
	cert = scene_sign(&spec);
	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		X509 *copy = X509_dup(cert);
		const X509_ALGOR *outer;
		unsigned char *der = NULL;
		const unsigned char *p;
		X509_ALGOR *changed;
		int len;

		X509_get0_signature(NULL, &outer, copy);
		assert_int_equal(len = i2d_X509_ALGOR(outer, &der), 67);
		der[offsets[i]]++;
		p = der;
		assert_non_null(changed = d2i_X509_ALGOR(NULL, &p, len));
		X509_ALGOR_copy((X509_ALGOR *)outer, changed);
		X509_ALGOR_copy((X509_ALGOR *)X509_get0_tbs_sigalg(copy), changed);
		assert_true(lint_finds_in(&spec, copy, RULE_CERT_SIGNATURE_ALGORITHM));
		X509_ALGOR_free(changed);
		OPENSSL_free(der);
	}
	X509_free(cert);
	X509_NAME_free(spec.subject);
	EVP_PKEY_free(spec.key);
}

static void
finds_another_issuer_and_subject(void **state)
{
	struct scene *scene = *state;
	X509 *issuer = X509_dup(scene->leaf), *subject = X509_dup(scene->leaf);

	X509_set_issuer_name(issuer, scene->spec.subject);
	assert_true(lint_finds(scene, issuer, RULE_CERT_ISSUER));
	X509_set_subject_name(subject, scene->root_spec.subject);
	assert_true(lint_finds(scene, subject, RULE_CERT_SUBJECT));
}

static void
finds_another_end(void **state)
{
	X509 *copy = X509_dup(((struct scene *)*state)->leaf);
	ASN1_TIME *time = ASN1_TIME_adj(NULL, (time_t)NOW, 1000, 0);

	X509_set1_notAfter(copy, time);
	ASN1_TIME_free(time);
	assert_true(lint_finds(*state, copy, RULE_CERT_VALIDITY));
}

/* The spec itself asks for too much: the lint does not trust it. */
static void
finds_an_end_beyond_the_issuers(void **state)
{
	struct scene scene = *(struct scene *)*state;
	struct violations v = { 0 };
	struct error err = { 0 };
	struct draft draft;

	scene.spec.validity.not_after = scene.root_spec.validity.not_after + 1;
	assert_int_equal(draft_make(NULL, &scene.spec, &draft, &v, &err), 0);
	assert_true(breaks(&v, RULE_CERT_VALIDITY));
	draft_clear(&draft);
}

static void
finds_generalized_time_before_2050(void **state)
{
	X509 *copy = X509_dup(((struct scene *)*state)->leaf);
	ASN1_TIME *time = ASN1_GENERALIZEDTIME_adj(NULL, (time_t)(NOW + 3600), 0, 0);

	X509_set1_notAfter(copy, time);
	ASN1_TIME_free(time);
	assert_true(lint_finds(*state, copy, RULE_CERT_TIME_ENCODING));
}

static void
writes_generalized_time_after_2049(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(
	    ASN1_STRING_type(X509_get0_notAfter(scene->root)), V_ASN1_GENERALIZEDTIME);
	assert_int_equal(
	    ASN1_STRING_type(X509_get0_notBefore(scene->root)), V_ASN1_UTCTIME);
}

static void
finds_another_key(void **state)
{
	struct scene *scene = *state;
	X509 *copy = X509_dup(scene->leaf);

	X509_set_pubkey(copy, scene->root_spec.key);
	assert_true(lint_finds(scene, copy, RULE_CERT_PUBLIC_KEY));
}

static void
finds_unexpected_extensions(void **state)
{
	assert_true(lint_finds(*state,
	    with_extension(*state, NID_netscape_comment, "hello"), RULE_CERT_EXTENSIONS));
	assert_true(
	    lint_finds(*state, with_extension(*state, NID_key_usage, "digitalSignature"),
		RULE_CERT_EXTENSIONS));
}

static void
finds_other_basic_constraints(void **state)
{
	assert_true(lint_finds(*state,
	    with_extension(*state, NID_basic_constraints, "critical,CA:TRUE"),
	    RULE_CERT_BASIC_CONSTRAINTS));
	assert_true(lint_finds(*state,
	    with_extension(*state, NID_basic_constraints, "critical,CA:FALSE,pathlen:1"),
	    RULE_CERT_BASIC_CONSTRAINTS));
	assert_true(
	    lint_finds(*state, with_extension(*state, NID_basic_constraints, NULL),
		RULE_CERT_BASIC_CONSTRAINTS));
}

static void
finds_other_usages(void **state)
{
	assert_true(lint_finds(*state,
	    with_extension(
		*state, NID_key_usage, "critical,digitalSignature,keyCertSign"),
	    RULE_CERT_KEY_USAGE));
	assert_true(lint_finds(*state,
	    with_extension(
		*state, NID_key_usage, "critical,digitalSignature,keyEncipherment"),
	    RULE_CERT_KEY_USAGE));
	assert_true(lint_finds(
	    *state, with_extension(*state, NID_key_usage, NULL), RULE_CERT_KEY_USAGE));
	assert_true(
	    lint_finds(*state, with_extension(*state, NID_ext_key_usage, "clientAuth"),
		RULE_CERT_EXTENDED_KEY_USAGE));
	assert_true(lint_finds(*state, with_extension(*state, NID_ext_key_usage, NULL),
	    RULE_CERT_EXTENDED_KEY_USAGE));
	assert_true(lint_finds(*state,
	    with_extension(*state, NID_ext_key_usage, "serverAuth,anyExtendedKeyUsage"),
	    RULE_CERT_EXTENDED_KEY_USAGE));
}

static void
finds_other_key_identifiers(void **state)
{
	assert_true(lint_finds(*state,
	    with_extension(*state, NID_subject_key_identifier, "00:01"),
	    RULE_CERT_SUBJECT_KEY_ID));
	assert_true(
	    lint_finds(*state, with_extension(*state, NID_authority_key_identifier, NULL),
		RULE_CERT_AUTHORITY_KEY_ID));
}

static void
finds_missing_and_critical_names(void **state)
{
	assert_true(lint_finds(
	    *state, with_extension(*state, NID_subject_alt_name, NULL), RULE_CERT_SAN));
	assert_true(lint_finds(*state,
	    with_extension(*state, NID_subject_alt_name, "critical,DNS:localhost"),
	    RULE_CERT_SAN));
}

/* The names are judged where they stand, not only where they came from. */
static void
judges_the_names_in_the_certificate(void **state)
{
	assert_true(lint_finds(*state,
	    with_extension(*state, NID_subject_alt_name, "DNS:localhost,DNS:a_b"),
	    RULE_SAN_DNS_CHARACTERS));
	assert_true(lint_finds(*state,
	    with_extension(*state, NID_subject_alt_name, "DNS:other"), RULE_CN_IN_SAN));
	assert_true(lint_finds(*state, with_extension(*state, NID_subject_alt_name, NULL),
	    RULE_SAN_PRESENT));
}

static void
holds_key_encipherment_against_what_was_decided(void **state)
{
	struct scene scene = *(struct scene *)*state;
	EVP_PKEY *ec = ec_key("P-256");
	struct violations v = { 0 };
	X509 *cert;

	scene.spec.key_encipherment = true;
	assert_true(lint_finds(&scene,
	    with_extension(&scene, NID_key_usage, "critical,digitalSignature"),
	    RULE_CERT_KEY_USAGE));
	cert = scene_sign(&scene.spec);
	assert_int_equal(
	    X509_get_key_usage(cert), KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT);
	scene.spec.key = ec;
	lint_run(NULL, cert, &scene.spec, &v);
	assert_true(breaks(&v, RULE_CERT_KEY_USAGE));
	X509_free(cert);
	EVP_PKEY_free(ec);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_what_was_made),
		cmocka_unit_test(makes_certificates_with_every_type_of_key),
		cmocka_unit_test(signs_nothing_that_another_key_verifies),
		cmocka_unit_test(finds_another_version),
		cmocka_unit_test(finds_another_serial),
		cmocka_unit_test(finds_another_signature_algorithm),
		cmocka_unit_test(finds_an_algorithm_without_its_parameters),
		cmocka_unit_test(finds_other_parameters_of_rsa_pss),
		cmocka_unit_test(finds_another_issuer_and_subject),
		cmocka_unit_test(finds_another_end),
		cmocka_unit_test(finds_an_end_beyond_the_issuers),
		cmocka_unit_test(finds_generalized_time_before_2050),
		cmocka_unit_test(writes_generalized_time_after_2049),
		cmocka_unit_test(finds_another_key),
		cmocka_unit_test(finds_unexpected_extensions),
		cmocka_unit_test(finds_other_basic_constraints),
		cmocka_unit_test(finds_other_usages),
		cmocka_unit_test(holds_key_encipherment_against_what_was_decided),
		cmocka_unit_test(finds_other_key_identifiers),
		cmocka_unit_test(finds_missing_and_critical_names),
		cmocka_unit_test(judges_the_names_in_the_certificate),
	};

	return cmocka_run_group_tests(tests, scene_open, scene_close);
}
