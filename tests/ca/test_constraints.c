/* test_constraints.c - which names may stand beneath an authority. */
#include "ca/constraints.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/ca/support.h"

static int
read_one(const char *text, NAME_CONSTRAINTS **constraints)
{
	const struct constraints_spec spec = { .permitted = { text },
		.permitted_count = 1 };

	return constraints_from_text(&spec, constraints, NULL);
}

static void
reads_every_kind(void **state)
{
	static const char *const texts[] = { "dns:svc.example", "dns:localhost",
		"ip:10.0.0.0/8", "ip:10.1.2.3/32", "ip:0.0.0.0/0", "ip:2001:db8::/32",
		"email:example.com", "email:.example.com", "email:a@example.com",
		"uri:example.com", "uri:.example.com" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		NAME_CONSTRAINTS *made = NULL;

		if (read_one(texts[i], &made) != 0)
			fail_msg("refused: %s", texts[i]);
		NAME_CONSTRAINTS_free(made);
	}
}

static void
refuses_what_would_constrain_otherwise_than_meant(void **state)
{
	static const char *const texts[] = { "", "svc.example", "dns:", "dns:.example",
		"dns:*.example", "dns:a..b", "dns:a.", "dns:A.example", "ip:10.0.0.1",
		"ip:10.0.0.1/8", "ip:10.0.0.0/33", "ip:10.0.0.0/", "ip:2001:db8::1/32",
		"ip:x/8", "email:@example.com", "uri:http://example.com", "dir:/C=CN" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		NAME_CONSTRAINTS *made = NULL;

		if (read_one(texts[i], &made) == 0)
			fail_msg("accepted: %s", texts[i]);
		assert_null(made);
	}
}

/* A CA of that key beneath another, with these constraints. */
static int
make_with(struct house *house, EVP_PKEY *key, const char *name, const char *parent,
    const struct constraints_spec *constraints, struct violations *v)
{
	char subject[32];
	const struct issuer_spec spec = { .name = name,
		.subject = subject,
		.parent = parent,
		.path_len = strcmp(parent, "root") == 0 ? 1 : 0,
		.constraints = constraints,
		.key = key,
		.actor = "uid:0" };
	struct error err = { 0 };

	*v = (struct violations){ 0 };
	snprintf(subject, sizeof(subject), "/CN=%s", name);
	return authority_create_issuer(house->authority, &spec, v, &err);
}

static int
make(struct house *house, const char *name, const char *parent,
    const struct constraints_spec *constraints, struct violations *v)
{
	EVP_PKEY *key = ec_key("P-256");

	house_add_key(house, name, key);
	return make_with(house, key, name, parent, constraints, v);
}

static int
issue(struct house *house, const char *issuer, const char *san, struct violations *v)
{
	EVP_PKEY *key = ec_key("P-256");
	struct issue_result result;
	struct error err = { 0 };
	struct buffer csr;
	struct issue_request request = {
		.issuer = issuer, .profile = "server", .actor = "uid:0"
	};
	int rc;

	*v = (struct violations){ 0 };
	simple_request(key, san, &csr);
	request.csr = buf_bytes(&csr);
	if ((rc = authority_issue(house->authority, &request, &result, v, &err)) == 0)
		issue_result_clear(&result);
	buf_free(&csr);
	EVP_PKEY_free(key);
	return rc;
}

static const struct constraints_spec outer = {
	.permitted = { "dns:svc.example", "ip:10.0.0.0/8" },
	.permitted_count = 2,
	.excluded = { "dns:secret.svc.example" },
	.excluded_count = 1,
};

static void
signs_the_names_that_are_permitted(void **state)
{
	static const char *const good[] = { "DNS:a.svc.example", "DNS:svc.example",
		"DNS:xsecret.svc.example", "IP:10.0.0.0", "IP:10.255.255.255" };
	static const char *const bad[] = { "DNS:a.example", "DNS:xsvc.example",
		"IP:9.255.255.255", "IP:11.0.0.0", "IP:2001:db8::1",
		"DNS:secret.svc.example", "DNS:a.secret.svc.example" };
	struct house *house = *state;
	struct violations v;

	assert_int_equal(make(house, "outer", "root", &outer, &v), 0);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(issue(house, "outer", good[i], &v), 0);
		assert_false(breaks(&v, RULE_SAN_NAME_CONSTRAINTS));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(issue(house, "outer", bad[i], &v), -1);
		assert_true(breaks(&v, RULE_SAN_NAME_CONSTRAINTS));
	}
}

static void
holds_leaves_to_the_constraints_of_the_whole_chain(void **state)
{
	struct house *house = *state;
	struct violations v;

	assert_int_equal(make(house, "outer", "root", &outer, &v), 0);
	assert_int_equal(make(house, "lower", "outer", NULL, &v), 0);
	assert_int_equal(issue(house, "lower", "DNS:a.svc.example", &v), 0);
	assert_int_equal(issue(house, "lower", "DNS:a.example", &v), -1);
	assert_true(breaks(&v, RULE_SAN_NAME_CONSTRAINTS));
	house_reopen(house);
	assert_int_equal(issue(house, "lower", "DNS:a.example", &v), -1);
}

/* As much as is permitted above may be handed on, and no more. */
static void
keeps_a_permitted_subtree_inside_those_above(void **state)
{
	static const struct constraints_spec inside = {
		.permitted = { "dns:svc.example", "dns:xsecret.svc.example",
		    "ip:10.0.0.0/8", "ip:10.1.0.0/16", "email:example.com" },
		.permitted_count = 5,
	};
	static const char *const outside[] = { "dns:example", "dns:b.example",
		"ip:10.0.0.0/7", "ip:11.0.0.0/8", "ip:2001:db8::/32",
		"dns:x.secret.svc.example" };
	struct house *house = *state;
	EVP_PKEY *key = ec_key("P-256");
	struct violations v;

	assert_int_equal(make(house, "outer", "root", &outer, &v), 0);
	assert_int_equal(make(house, "inner", "outer", &inside, &v), 0);
	assert_false(breaks(&v, RULE_ISSUER_NAME_CONSTRAINTS));
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		const struct constraints_spec one = { .permitted = { outside[i] },
			.permitted_count = 1 };

		assert_int_equal(make_with(house, key, "bad", "outer", &one, &v), -1);
		assert_true(breaks(&v, RULE_ISSUER_NAME_CONSTRAINTS));
	}
	EVP_PKEY_free(key);
}

static void
compares_networks_and_domains(void **state)
{
	static const struct {
		const char *outer, *inner;
		bool within;
	} cases[] = {
		{ "dns:example", "dns:a.example", true },
		{ "dns:example", "dns:example", true },
		{ "dns:example", "dns:xexample", false },
		{ "ip:10.0.0.0/8", "ip:10.9.0.0/16", true },
		{ "ip:10.0.0.0/8", "ip:10.0.0.0/7", false },
		{ "ip:10.0.0.0/8", "ip:2001:db8::/32", false },
		{ "email:example.com", "email:a@example.com", true },
		{ "email:example.com", "email:b.example.com", false },
		{ "email:.example.com", "email:b.example.com", true },
		{ "uri:.example.com", "uri:a.example.com", true },
		{ "uri:example.com", "uri:a.example.com", false },
		{ "dns:example", "email:other", true },
	};
	X509 *cert = X509_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		NAME_CONSTRAINTS *above = NULL, *below = NULL;
		struct violations v = { 0 };

		assert_int_equal(read_one(cases[i].outer, &above), 0);
		assert_int_equal(read_one(cases[i].inner, &below), 0);
		assert_int_equal(X509_add1_ext_i2d(cert, NID_name_constraints, above, 1,
				     X509V3_ADD_REPLACE),
		    1);
		constraints_check_within(below, cert, &v);
		if ((v.count == 0) != cases[i].within)
			fail_msg("%s in %s", cases[i].inner, cases[i].outer);
		NAME_CONSTRAINTS_free(above);
		NAME_CONSTRAINTS_free(below);
	}
	X509_free(cert);
}

#define HOUSE_TEST(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, house_setup, house_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_kind),
		cmocka_unit_test(refuses_what_would_constrain_otherwise_than_meant),
		cmocka_unit_test(compares_networks_and_domains),
		HOUSE_TEST(signs_the_names_that_are_permitted),
		HOUSE_TEST(holds_leaves_to_the_constraints_of_the_whole_chain),
		HOUSE_TEST(keeps_a_permitted_subtree_inside_those_above),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
