/* test_lint_profile.c - what a stored profile says, held against the certificate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/conf.h>
#include <openssl/objects.h>

#include "ca/subject.h"
#include "tests/ca/scene.h"
#include "tests/ca/support.h"

#define OCSP "http://pki.example/ocsp"

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* The scene's leaf, by another profile; the caller frees leaf. */
static void
sign_by(struct scene *scene, const struct profile *profile)
{
	scene->spec.profile = profile;
	scene->leaf = scene_sign(&scene->spec);
}

/* OpenSSL reads these with a configuration at hand, be it empty. */
static X509 *
with_policies(const struct scene *scene, const char *value)
{
	X509 *copy = with_extension(scene, NID_certificate_policies, NULL);
	CONF *conf = NCONF_new(NULL);
	X509V3_CTX ctx = { 0 };
	X509_EXTENSION *ext;

	X509V3_set_nconf(&ctx, conf);
	if (value != NULL) {
		ext = X509V3_EXT_nconf_nid(conf, &ctx, NID_certificate_policies, value);
		assert_non_null(ext);
		X509_add_ext(copy, ext, -1);
		X509_EXTENSION_free(ext);
	}
	NCONF_free(conf);
	return copy;
}

static void
holds_the_policies(void **state)
{
	static const char *const others[] = { NULL, "1.2.3", "1.2.3.4,1.2.3.5,1.2.3.6",
		"1.2.3.5,1.2.3.4" };
	struct scene scene = *(struct scene *)*state;
	struct profile p = model_profile();

	assert_true(
	    lint_finds(*state, with_policies(*state, "1.2.3"), RULE_CERT_POLICIES));
	p.policies = LIST("1.2.3.4", "1.2.3.5");
	sign_by(&scene, &p);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_true(lint_finds(
		    &scene, with_policies(&scene, others[i]), RULE_CERT_POLICIES));
	X509_free(scene.leaf);
}

static void
holds_must_staple(void **state)
{
	struct scene scene = *(struct scene *)*state;
	struct profile p = model_profile();

	assert_true(
	    lint_finds(*state, with_extension(*state, NID_tlsfeature, "status_request"),
		RULE_CERT_TLS_FEATURE));
	p.must_staple = true;
	scene.spec.ocsp_url = OCSP;
	sign_by(&scene, &p);
	assert_true(lint_finds(
	    &scene, with_extension(&scene, NID_tlsfeature, NULL), RULE_CERT_TLS_FEATURE));
	assert_true(lint_finds(&scene,
	    with_extension(&scene, NID_tlsfeature, "status_request_v2"),
	    RULE_CERT_TLS_FEATURE));
	/* Nobody could be asked for what is to be stapled. */
	scene.spec.ocsp_url = NULL;
	assert_true(lint_finds(&scene, X509_dup(scene.leaf), RULE_CERT_TLS_FEATURE));
	X509_free(scene.leaf);
}

static void
holds_other_purposes(void **state)
{
	struct scene scene = *(struct scene *)*state;
	struct profile p = model_profile();

	p.ekus = LIST("codeSigning", "1.2.3.4.5");
	sign_by(&scene, &p);
	assert_int_equal(X509_get_extended_key_usage(scene.leaf), XKU_CODE_SIGN);
	assert_true(
	    lint_finds(&scene, with_extension(&scene, NID_ext_key_usage, "codeSigning"),
		RULE_CERT_EXTENDED_KEY_USAGE));
	assert_true(lint_finds(&scene,
	    with_extension(&scene, NID_ext_key_usage, "codeSigning,1.2.3.4.6"),
	    RULE_CERT_EXTENDED_KEY_USAGE));
	X509_free(scene.leaf);
	p.ekus = LIST("timeStamping");
	sign_by(&scene, &p);
	assert_true(
	    lint_finds(&scene, with_extension(&scene, NID_ext_key_usage, "timeStamping"),
		RULE_CERT_EXTENSIONS));
	X509_free(scene.leaf);
}

static void
holds_the_type_of_key(void **state)
{
	struct scene scene = *(struct scene *)*state;
	struct profile p = model_profile();

	p.key_types = LIST("ec-p256");
	scene.spec.profile = &p;
	assert_true(lint_finds(&scene, X509_dup(scene.leaf), RULE_CERT_PUBLIC_KEY));
}

static void
holds_names_to_the_patterns(void **state)
{
	struct scene scene = *(struct scene *)*state;
	struct profile p = model_profile();

	scene.spec.profile = &p;
	p.dns_names = LIST("*.svc.example");
	assert_true(lint_finds(&scene, X509_dup(scene.leaf), RULE_SAN_DNS_PATTERN));
	p.ip_addresses = LIST("10.0.0.0/8");
	assert_true(lint_finds(&scene,
	    with_extension(&scene, NID_subject_alt_name, "IP:11.0.0.1"),
	    RULE_SAN_IP_NETWORK));
}

static void
holds_the_subject(void **state)
{
	struct scene scene = *(struct scene *)*state;
	struct profile p = model_profile();
	X509_NAME *subject = scene.spec.subject;

	scene.spec.profile = &p;
	p.subject = "/O=milvus";
	assert_true(lint_finds(&scene, X509_dup(scene.leaf), RULE_CERT_SUBJECT));
	p.subject = NULL;
	p.subject_allowed = NULL;
	assert_true(lint_finds(&scene, X509_dup(scene.leaf), RULE_CERT_SUBJECT));
	p = model_profile();
	p.subject_required = LIST("O");
	assert_true(lint_finds(&scene, X509_dup(scene.leaf), RULE_SUBJECT_REQUIRED));
	p = model_profile();
	p.subject = "/O=milvus";
	assert_int_equal(
	    subject_from_text("/O=milvus/CN=localhost", &scene.spec.subject, NULL), 0);
	sign_by(&scene, &p);
	X509_free(scene.leaf);
	X509_NAME_free(scene.spec.subject);
	scene.spec.subject = subject;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_the_policies),
		cmocka_unit_test(holds_must_staple),
		cmocka_unit_test(holds_other_purposes),
		cmocka_unit_test(holds_the_type_of_key),
		cmocka_unit_test(holds_names_to_the_patterns),
		cmocka_unit_test(holds_the_subject),
	};

	return cmocka_run_group_tests(tests, scene_open, scene_close);
}
