/* test_crl.c - CRLs written by hand, as OpenSSL reads and verifies them. */
#include "ca/crl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "ca/crl_check.h"
#include "ca/draft.h"
#include "tests/ca/scene.h"
#include "tests/ca/support.h"

#define POINT   "http://pki.example/crl/internal/3"
#define FRESH   "http://pki.example/crl/internal/delta"
#define REVOKED INT64_C(1799990000)

static struct crl_spec
spec_of(const struct scene *scene)
{
	return (struct crl_spec){
		.issuer = scene->root,
		.key = scene->root_spec.key,
		.number = 300,
		.this_update = NOW,
		.next_update = NOW + 604800,
	};
}

static struct revocation
an_entry(const char *serial, int reason)
{
	struct revocation entry = { .revoked_at = REVOKED, .reason = reason };

	assert_int_equal(text_copy(entry.serial, sizeof(entry.serial), serial), 0);
	return entry;
}

static struct shared *
make(const struct crl_spec *spec, const struct revocation *entries, size_t count)
{
	struct error err = { 0 };
	struct crl_draft draft;
	struct shared *crl;

	assert_int_equal(crl_begin(NULL, spec, &draft, &err), 0);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(crl_add(&draft, &entries[i], &err), 0);
	if (crl_sign(NULL, &draft, &crl, &err) != 0)
		fail_msg("%s", err.text);
	crl_clear(&draft);
	return crl;
}

/* As OpenSSL reads it, and writes it again octet for octet. */
static X509_CRL *
parse(struct bytes der)
{
	const unsigned char *p = der.data;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.len);
	unsigned char *again = NULL;

	assert_non_null(crl);
	assert_ptr_equal(p, der.data + der.len);
	assert_int_equal(i2d_X509_CRL(crl, &again), der.len);
	assert_memory_equal(again, der.data, der.len);
	OPENSSL_free(again);
	return crl;
}

static X509_CRL *
made(const struct scene *scene, const struct crl_spec *spec,
    const struct revocation *entries, size_t count)
{
	struct shared *shared = make(spec, entries, count);
	X509_CRL *crl = parse(shared_bytes(shared));

	assert_int_equal(X509_CRL_verify(crl, X509_get0_pubkey(scene->root)), 1);
	shared_free(shared);
	return crl;
}

static void
an_empty_list_has_no_list(void **state)
{
	const struct scene *scene = *state;
	struct crl_spec spec = spec_of(scene);
	X509_CRL *crl = made(scene, &spec, NULL, 0);
	int critical;
	ASN1_INTEGER *number;
	AUTHORITY_KEYID *id;

	assert_int_equal(X509_CRL_get_version(crl), X509_CRL_VERSION_2);
	assert_null(X509_CRL_get_REVOKED(crl));
	assert_int_equal(X509_CRL_get_ext_count(crl), 2);
	number = X509_CRL_get_ext_d2i(crl, NID_crl_number, &critical, NULL);
	assert_int_equal(ASN1_INTEGER_get(number), 300);
	assert_int_equal(critical, 0);
	id = X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, &critical, NULL);
	assert_int_equal(
	    ASN1_OCTET_STRING_cmp(id->keyid, X509_get0_subject_key_id(scene->root)), 0);
	assert_int_equal(
	    ASN1_TIME_cmp_time_t(X509_CRL_get0_nextUpdate(crl), NOW + 604800), 0);
	AUTHORITY_KEYID_free(id);
	ASN1_INTEGER_free(number);
	X509_CRL_free(crl);
}

static X509_REVOKED *
entry_of(X509_CRL *crl, int i)
{
	return sk_X509_REVOKED_value(X509_CRL_get_REVOKED(crl), i);
}

static void
entries_keep_their_order_dates_and_reasons(void **state)
{
	const struct scene *scene = *state;
	struct crl_spec spec = spec_of(scene);
	struct revocation entries[] = { an_entry("ff00", 0), an_entry("01", 1),
		an_entry("7fffffffffffffffffffffffffffffffffffffff", 9) };
	ASN1_ENUMERATED *reason;
	ASN1_GENERALIZEDTIME *since;
	int critical;
	X509_CRL *crl;

	entries[1].invalidity_date = REVOKED - 86400;
	crl = made(scene, &spec, entries, 3);
	assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 3);
	assert_int_equal(
	    ASN1_INTEGER_get(X509_REVOKED_get0_serialNumber(entry_of(crl, 0))), 0xff00);
	/* RFC 5280 section 5.3.1: unspecified is no reason at all. */
	assert_int_equal(X509_REVOKED_get_ext_count(entry_of(crl, 0)), 0);
	assert_int_equal(ASN1_TIME_cmp_time_t(
			     X509_REVOKED_get0_revocationDate(entry_of(crl, 1)), REVOKED),
	    0);
	reason =
	    X509_REVOKED_get_ext_d2i(entry_of(crl, 1), NID_crl_reason, &critical, NULL);
	assert_int_equal(ASN1_ENUMERATED_get(reason), 1);
	since = X509_REVOKED_get_ext_d2i(
	    entry_of(crl, 1), NID_invalidity_date, &critical, NULL);
	assert_int_equal(critical, 0);
	assert_int_equal(ASN1_TIME_cmp_time_t(since, REVOKED - 86400), 0);
	assert_int_equal(X509_REVOKED_get_ext_count(entry_of(crl, 2)), 1);
	ASN1_GENERALIZEDTIME_free(since);
	ASN1_ENUMERATED_free(reason);
	X509_CRL_free(crl);
}

static void
times_from_2050_are_generalized(void **state)
{
	const struct scene *scene = *state;
	struct crl_spec spec = spec_of(scene);
	X509_CRL *crl;

	spec.next_update = INT64_C(2524608000);
	crl = made(scene, &spec, NULL, 0);
	assert_int_equal(X509_CRL_get0_lastUpdate(crl)->type, V_ASN1_UTCTIME);
	assert_int_equal(X509_CRL_get0_nextUpdate(crl)->type, V_ASN1_GENERALIZEDTIME);
	assert_string_equal(
	    ASN1_STRING_get0_data(X509_CRL_get0_nextUpdate(crl)), "20500101000000Z");
	X509_CRL_free(crl);
}

static void
a_shard_names_its_distribution_point(void **state)
{
	const struct scene *scene = *state;
	struct crl_spec spec = spec_of(scene);
	ISSUING_DIST_POINT *point;
	GENERAL_NAME *name;
	int critical;
	X509_CRL *crl;

	spec.point_url = POINT;
	crl = made(scene, &spec, NULL, 0);
	point =
	    X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &critical, NULL);
	assert_int_equal(critical, 1);
	name = sk_GENERAL_NAME_value(point->distpoint->name.fullname, 0);
	assert_int_equal(name->type, GEN_URI);
	assert_int_equal(name->d.ia5->length, strlen(POINT));
	assert_memory_equal(name->d.ia5->data, POINT, strlen(POINT));
	ISSUING_DIST_POINT_free(point);
	X509_CRL_free(crl);
}

static void
a_delta_names_its_base_and_a_base_its_delta(void **state)
{
	const struct scene *scene = *state;
	struct crl_spec spec = spec_of(scene);
	CRL_DIST_POINTS *points;
	ASN1_INTEGER *base;
	int critical;
	X509_CRL *crl;

	spec.base = 255;
	crl = made(scene, &spec, NULL, 0);
	base = X509_CRL_get_ext_d2i(crl, NID_delta_crl, &critical, NULL);
	assert_int_equal(critical, 1);
	assert_int_equal(ASN1_INTEGER_get(base), 255);
	ASN1_INTEGER_free(base);
	X509_CRL_free(crl);
	spec.base = 0;
	spec.delta_url = FRESH;
	crl = made(scene, &spec, NULL, 0);
	points = X509_CRL_get_ext_d2i(crl, NID_freshest_crl, &critical, NULL);
	assert_int_equal(critical, 0);
	assert_int_equal(sk_DIST_POINT_num(points), 1);
	CRL_DIST_POINTS_free(points);
	X509_CRL_free(crl);
}

static void
every_type_of_key_signs(void **state)
{
	EVP_PKEY *keys[] = { ec_key("P-256"), ec_key("P-384"), ec_key("P-521"),
		rsa_key(2048), rsa_pss_key(), ed25519_key() };
	struct revocation entry = an_entry("0a", 4);

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct scene scene = { 0 };
		struct crl_spec spec;
		X509_CRL *crl;

		scene_fill_root(&scene.root_spec, keys[i], 864000);
		scene.root = scene_sign(&scene.root_spec);
		spec = spec_of(&scene);
		crl = made(&scene, &spec, &entry, 1);
		X509_CRL_free(crl);
		X509_free(scene.root);
		X509_NAME_free(scene.root_spec.subject);
		EVP_PKEY_free(keys[i]);
	}
}

static void
refuses_what_keyhold_did_not_write(void **state)
{
	static const char *const serials[] = { "", "0", "xy" };
	struct crl_spec spec = spec_of(*state);
	struct revocation hold = an_entry("01", 6);
	struct error err = { 0 };
	struct crl_draft draft;

	assert_int_equal(crl_begin(NULL, &spec, &draft, &err), 0);
	for (size_t i = 0; i < 3; i++) {
		struct revocation entry = an_entry(serials[i], 0);

		assert_int_equal(crl_add(&draft, &entry, &err), -1);
	}
	assert_int_equal(crl_add(&draft, &hold, &err), -1);
	assert_int_equal(draft.count, 0);
	crl_clear(&draft);
}

static int
check(const struct crl_spec *spec, const struct shared *crl, size_t count)
{
	struct error err;

	return crl_check(NULL, shared_bytes(crl), spec, count, &err);
}

static void
the_check_finds_what_is_not_as_meant(void **state)
{
	struct crl_spec spec = spec_of(*state), other;
	struct revocation entry = an_entry("01", 1);
	struct shared *crl;
	struct bytes der;
	unsigned char *last;

	spec.point_url = POINT;
	crl = make(&spec, &entry, 1);
	assert_int_equal(check(&spec, crl, 1), 0);
	assert_int_equal(check(&spec, crl, 2), -1);
	other = spec;
	other.number++;
	assert_int_equal(check(&other, crl, 1), -1);
	other = spec;
	other.base = 1;
	assert_int_equal(check(&other, crl, 1), -1);
	other = spec;
	other.point_url = POINT "/";
	assert_int_equal(check(&other, crl, 1), -1);
	other = spec;
	other.point_url = NULL;
	assert_int_equal(check(&other, crl, 1), -1);
	other = spec;
	other.delta_url = FRESH;
	assert_int_equal(check(&other, crl, 1), -1);
	other = spec;
	other.next_update++;
	assert_int_equal(check(&other, crl, 1), -1);
	other = spec;
	other.issuer = ((struct scene *)*state)->leaf;
	assert_int_equal(check(&other, crl, 1), -1);
	der = shared_bytes(crl);
	last = (unsigned char *)(uintptr_t)&der.data[der.len - 1];
	*last ^= 1;
	assert_int_equal(check(&spec, crl, 1), -1);
	shared_free(crl);
}

static long
peak_kib(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss;
}

/* A million with KEYHOLD_CRL_ENTRIES=1000000; the sanitizers' memory is not keyhold's. */
static void
many_entries_need_little_more_than_their_bytes(void **state)
{
	const char *wanted = getenv("KEYHOLD_CRL_ENTRIES");
	long entries =
	    wanted != NULL ? strtol(wanted, NULL, 10) : 350000; /* over 16 MiB */
	struct crl_spec spec = spec_of(*state);
	struct revocation entry = an_entry("00", 1);
	struct error err = { 0 };
	struct crl_draft draft;
	struct shared *crl;
	long before = peak_kib();
	int64_t start = clock_mono_ms();

	assert_int_equal(crl_begin(NULL, &spec, &draft, &err), 0);
	for (long i = 0; i < entries; i++) {
		snprintf(entry.serial, sizeof(entry.serial), "7f%038lx", i);
		assert_int_equal(crl_add(&draft, &entry, &err), 0);
	}
	assert_int_equal(crl_sign(NULL, &draft, &crl, &err), 0);
	crl_clear(&draft);
	print_message("%ld entries: %zu KiB of DER, %ld KiB more memory, %lld ms\n",
	    entries, shared_bytes(crl).len / 1024, peak_kib() - before,
	    (long long)(clock_mono_ms() - start));
	shared_free(crl);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_list_has_no_list),
		cmocka_unit_test(entries_keep_their_order_dates_and_reasons),
		cmocka_unit_test(times_from_2050_are_generalized),
		cmocka_unit_test(a_shard_names_its_distribution_point),
		cmocka_unit_test(a_delta_names_its_base_and_a_base_its_delta),
		cmocka_unit_test(every_type_of_key_signs),
		cmocka_unit_test(refuses_what_keyhold_did_not_write),
		cmocka_unit_test(the_check_finds_what_is_not_as_meant),
		cmocka_unit_test(many_entries_need_little_more_than_their_bytes),
	};

	return cmocka_run_group_tests(tests, scene_open, scene_close);
}
