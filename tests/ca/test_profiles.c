/* test_profiles.c - which profiles make sense, and the table of those in use. */
#include "ca/profiles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/ca/support.h"

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void
is_fine(const struct profile *p)
{
	struct error err = { 0 };

	if (profile_check(p, &err) != 0)
		fail_msg("%s", err.text);
}

/* The reason begins with the member: whoever shows it finds the line by that. */
static void
is_refused(const struct profile *p, const char *member)
{
	struct error err = { 0 };

	assert_int_equal(profile_check(p, &err), -1);
	assert_int_equal(err.code, ERROR_BAD_REQUEST);
	if (strncmp(err.text, member, strlen(member)) != 0)
		fail_msg("%s: %s", member, err.text);
}

#define WITH(member, value, name)                                                        \
	do {                                                                             \
		struct profile p = model_profile();                                      \
		p.member = value;                                                        \
		is_refused(&p, name ":");                                                \
	} while (0)

static void
names_the_member_that_makes_no_sense(void **state)
{
	(void)state;
	WITH(name, "Not a name", "name");
	WITH(description, "two\nlines", "description");
	WITH(subject, "O=milvus", "subject");
	WITH(subject, "/CN=localhost", "subject");
	WITH(subject, "/XX=localhost", "subject");
	WITH(subject_allowed, LIST("CN", "emailAddress"), "subject_allowed[1]");
	WITH(subject_required, LIST("CN"), "subject_required");
	WITH(dns_names, LIST("a.example", "w*.example"), "dns_names[1]");
	WITH(dns_names, LIST("a.example", "a.example"), "dns_names[1]");
	WITH(dns_names, NULL, "dns_names");
	WITH(ip_addresses, LIST("10.0.0.1/8"), "ip_addresses[0]");
	WITH(uris, LIST("urn:x"), "uris[0]");
	WITH(email_addresses, LIST("example.com"), "email_addresses[0]");
	WITH(max_names, 0, "max_names");
	WITH(max_names, 101, "max_names");
	WITH(key_types, NULL, "key_types");
	WITH(key_types, LIST("rsa-1024"), "key_types[0]");
	WITH(max_validity_s, 0, "max_validity_seconds");
	WITH(default_validity_s, 7201, "default_validity_seconds");
	WITH(backdate_s, PROFILE_BACKDATE_S + 1, "backdate_seconds");
	WITH(crl_url, "http://pki.example/crl", "crl_url");
	WITH(ocsp_url, "https://pki.example/ocsp", "ocsp_url");
	WITH(ca_issuers_url, "http://pki.example/a b", "ca_issuers_url");
	WITH(ca_issuers_url, "http://user@pki.example/", "ca_issuers_url");
	WITH(ocsp_url, "http://pki.example/#ocsp", "ocsp_url");
}

static void
refuses_purposes_that_no_profile_has(void **state)
{
	(void)state;
	WITH(ekus, NULL, "ext_key_usage");
	WITH(ekus, LIST("anyExtendedKeyUsage"), "ext_key_usage[0]");
	WITH(ekus, LIST("2.5.29.37.0"), "ext_key_usage[0]");
	WITH(ekus, LIST("1.3.6.1.5.5.7.3.9"), "ext_key_usage[0]");
	WITH(ekus, LIST("OCSPSigning"), "ext_key_usage[0]");
	WITH(ekus, LIST("serverAuth", "1.3.6.1.5.5.7.3.1"), "ext_key_usage[1]");
	WITH(ekus, LIST("timeStamping", "serverAuth"), "ext_key_usage");
	WITH(policies, LIST("2.5.29.32.0"), "policies[0]");
	WITH(policies, LIST("policy"), "policies[0]");
	WITH(policies, LIST("1.2.3", "1.2.3"), "policies[1]");
}

static void
refuses_what_cannot_work_together(void **state)
{
	struct profile p = model_profile();

	(void)state;
	p.subject = "/O=milvus";
	is_fine(&p);
	p.subject_allowed = LIST("CN", "O");
	is_refused(&p, "subject:");
	p = model_profile();
	p.must_staple = true;
	is_fine(&p);
	p.ocsp_url = PROFILE_URL_OMITTED;
	is_refused(&p, "must_staple:");
	p = model_profile();
	p.dns_names = NULL;
	p.uris = LIST("https://a.example");
	is_fine(&p);
	p.san_from_common_name = true;
	is_refused(&p, "san_from_common_name:");
}

static void
takes_what_people_need(void **state)
{
	struct profile p = model_profile();

	(void)state;
	p.ekus = LIST("codeSigning", "1.3.6.1.4.1.311.20.2.2");
	p.policies = LIST("1.3.6.1.4.1.99999.1", "2.23.140.1.2.1");
	p.ocsp_url = "http://ocsp.example/";
	p.ca_issuers_url = PROFILE_URL_OMITTED;
	p.crl_url = PROFILE_URL_OMITTED;
	is_fine(&p);
	p.ekus = LIST("timeStamping");
	is_fine(&p);
}

static void
chooses_between_the_urls(void **state)
{
	(void)state;
	assert_string_equal(profile_url(NULL, "http://a"), "http://a");
	assert_string_equal(profile_url("http://b", "http://a"), "http://b");
	assert_null(profile_url(PROFILE_URL_OMITTED, "http://a"));
	assert_null(profile_url(NULL, ""));
	assert_null(profile_url(NULL, NULL));
}

static int
count_profile(void *ctx, const struct profile *profile)
{
	(void)profile;
	++*(int *)ctx;
	return 0;
}

static struct profile *
make(const char *name, const char *description)
{
	struct profile model = model_profile(), *made = NULL;

	model.name = name;
	model.description = description;
	assert_int_equal(profile_new(&model, &made, NULL), 0);
	return made;
}

static void
keeps_what_was_looked_up(void **state)
{
	const struct profile *before, *after;
	struct profiles profiles;
	int count = 0;

	(void)state;
	assert_int_equal(profiles_init(&profiles, NULL), 0);
	profiles_put(&profiles, make("b", "old"));
	profiles_put(&profiles, make("a", ""));
	profiles_put(&profiles, make("c", ""));
	assert_int_equal(profiles_find(&profiles, "b", &before, NULL), 0);
	profiles_put(&profiles, make("b", "new"));
	assert_int_equal(profiles_find(&profiles, "b", &after, NULL), 0);
	assert_string_equal(before->description, "old");
	assert_string_equal(after->description, "new");
	profile_unref(after);
	profiles_each(&profiles, count_profile, &count);
	assert_int_equal(count, 3 + 3);
	profiles_remove(&profiles, "b");
	profiles_remove(&profiles, "b");
	assert_int_equal(profiles_find(&profiles, "b", &after, NULL), -1);
	profiles_clear(&profiles);
	assert_string_equal(before->dns_names[0], "**");
	profile_unref(before);
}

static void
finds_built_in_ones_and_no_others(void **state)
{
	const struct profile *found;
	struct profiles profiles;
	struct error err;

	(void)state;
	assert_int_equal(profiles_init(&profiles, NULL), 0);
	assert_int_equal(profiles_find(&profiles, "server", &found, NULL), 0);
	assert_ptr_equal(found, profile_find("server"));
	profile_unref(found);
	assert_int_equal(profiles_find(&profiles, "intermediate", &found, &err), -1);
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_true(profile_is_built_in("intermediate"));
	assert_true(profile_is_built_in("ocsp-signer"));
	assert_false(profile_is_built_in("own"));
	profiles_clear(&profiles);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_the_member_that_makes_no_sense),
		cmocka_unit_test(refuses_purposes_that_no_profile_has),
		cmocka_unit_test(refuses_what_cannot_work_together),
		cmocka_unit_test(takes_what_people_need),
		cmocka_unit_test(chooses_between_the_urls),
		cmocka_unit_test(keeps_what_was_looked_up),
		cmocka_unit_test(finds_built_in_ones_and_no_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
