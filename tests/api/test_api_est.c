/* test_api_est.c - the resources of RFC 7030, and who may use them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>

#include "base/pem.h"
#include "tests/api/issuing.h"

#define EST     "/.well-known/est"
#define SUBJECT "{\"subject\":\"/CN=localhost\",\"sans\":[\"localhost\"]}"

/* A request in base64, as EST clients send it. */
static void
request_in_base64(struct fixture *f, const char *body, struct buffer *out)
{
	static const char *const labels[] = { "CERTIFICATE REQUEST", NULL };
	struct buffer pem, der;

	request_for(f, body, &pem);
	buf_init(&der, 0);
	buf_init(out, 0);
	assert_int_equal(pem_read(buf_bytes(&pem), labels, &der, NULL), 0);
	base64_encode(out, der.data, der.len);
	/* Their line ends are as they like. */
	buf_text(out, "\r\n");
	buf_free(&pem);
	buf_free(&der);
}

static int
post(struct fixture *f, const char *target, const struct buffer *csr)
{
	return send_bytes(f, "POST", target, PKCS10, buf_bytes(csr));
}

/* The answer's certificates; it must have been one. */
static PKCS7 *
read_answer(const struct fixture *f)
{
	const unsigned char *p;
	struct buffer der;
	PKCS7 *message;

	assert_int_equal(f->res.status, 200);
	assert_string_equal(
	    f->res.content_type, "application/pkcs7-mime; smime-type=certs-only");
	assert_true(f->res.is_base64);
	assert_false(body_has(f, "\n"));
	assert_string_equal(f->res.location, "");
	buf_init(&der, 0);
	assert_int_equal(pem_read_bare(buf_bytes(&f->res.body), &der, NULL), 0);
	p = der.data;
	assert_non_null(message = d2i_PKCS7(NULL, &p, (long)der.len));
	buf_free(&der);
	return message;
}

static void
assert_subjects(PKCS7 *message, const char *const *subjects, int count)
{
	STACK_OF(X509) *certs = message->d.sign->cert;
	char name[128];

	assert_int_equal(sk_X509_num(certs), count);
	for (int i = 0; i < count; i++) {
		X509_NAME_oneline(
		    X509_get_subject_name(sk_X509_value(certs, i)), name, sizeof(name));
		assert_string_equal(name, subjects[i]);
	}
	PKCS7_free(message);
}

static const struct caller anybody = { .actor = "uid:1", .uid = 1 };

static void
gives_the_chain_and_the_root_to_anybody(void **state)
{
	static const char *const both[] = { "/CN=internal", "/CN=root" };
	struct fixture *f = *state;
	struct caller before = f->caller;

	f->caller = anybody;
	get(f, EST "/internal/cacerts");
	assert_subjects(read_answer(f), both, 2);
	get(f, EST "/cacerts");
	assert_subjects(read_answer(f), both, 2);
	get(f, EST "/internal~client/cacerts");
	assert_subjects(read_answer(f), both, 2);
	get(f, EST "/root/cacerts");
	assert_subjects(read_answer(f), both + 1, 1);
	f->caller = before;
}

static void
says_which_kind_of_key_it_wants(void **state)
{
	struct fixture *f = *state;
	const unsigned char *p;
	STACK_OF(ASN1_TYPE) * attributes;
	X509_ATTRIBUTE *attribute;
	const ASN1_TYPE *item;
	struct buffer der;

	assert_int_equal(get(f, EST "/internal/csrattrs"), 200);
	assert_string_equal(f->res.content_type, "application/csrattrs");
	assert_true(f->res.is_base64);
	buf_init(&der, 0);
	assert_int_equal(pem_read_bare(buf_bytes(&f->res.body), &der, NULL), 0);
	p = der.data;
	assert_non_null(attributes = d2i_ASN1_SEQUENCE_ANY(NULL, &p, (long)der.len));
	assert_ptr_equal(p, der.data + der.len);
	assert_int_equal(sk_ASN1_TYPE_num(attributes), 2);
	item = sk_ASN1_TYPE_value(attributes, 0);
	assert_int_equal(OBJ_obj2nid(item->value.object), NID_ecdsa_with_SHA256);
	item = sk_ASN1_TYPE_value(attributes, 1);
	p = item->value.sequence->data;
	assert_non_null(
	    attribute = d2i_X509_ATTRIBUTE(NULL, &p, item->value.sequence->length));
	assert_int_equal(
	    OBJ_obj2nid(X509_ATTRIBUTE_get0_object(attribute)), NID_X9_62_id_ecPublicKey);
	assert_int_equal(
	    OBJ_obj2nid(X509_ATTRIBUTE_get0_type(attribute, 0)->value.object),
	    NID_X9_62_prime256v1);
	X509_ATTRIBUTE_free(attribute);
	sk_ASN1_TYPE_pop_free(attributes, ASN1_TYPE_free);
	buf_free(&der);
}

static void
enrols_with_the_profile_of_the_label(void **state)
{
	static const struct {
		const char *target;
		uint32_t usage;
	} cases[] = {
		{ EST "/simpleenroll", XKU_SSL_CLIENT },
		{ EST "/internal/simpleenroll", XKU_SSL_CLIENT },
		{ EST "/internal~server/simpleenroll", XKU_SSL_SERVER },
		{ EST "/root~peer/simpleenroll", XKU_SSL_SERVER | XKU_SSL_CLIENT },
	};
	static const char *const leaf[] = { "/CN=localhost" };
	struct fixture *f = *state;
	struct buffer csr;

	request_in_base64(f, SUBJECT, &csr);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		PKCS7 *message;

		post(f, cases[i].target, &csr);
		message = read_answer(f);
		assert_int_equal(
		    X509_get_extended_key_usage(sk_X509_value(message->d.sign->cert, 0)),
		    cases[i].usage);
		assert_subjects(message, leaf, 1);
	}
	buf_free(&csr);
}

static void
re_enrols_for_the_names_of_a_valid_certificate(void **state)
{
	static const char *const leaf[] = { "/CN=re" };
	struct fixture *f = *state;
	struct buffer csr, other;

	request_in_base64(f, "{\"subject\":\"/CN=re\",\"sans\":[\"re\",\"r2\"]}", &csr);
	request_in_base64(f, "{\"subject\":\"/CN=re\",\"sans\":[\"re\"]}", &other);
	post(f, EST "/internal/simplereenroll", &csr);
	assert_problem(f, 422, "refused");
	assert_true(body_has(f, "\"rule\":\"renewal-names\""));
	assert_int_equal(post(f, EST "/internal/simpleenroll", &csr), 200);
	post(f, EST "/internal/simplereenroll", &csr);
	assert_subjects(read_answer(f), leaf, 1);
	post(f, EST "/simplereenroll", &csr);
	assert_subjects(read_answer(f), leaf, 1);
	/* Neither for other names, nor by another issuer or for another purpose. */
	post(f, EST "/internal/simplereenroll", &other);
	assert_problem(f, 422, "refused");
	post(f, EST "/root/simplereenroll", &csr);
	assert_problem(f, 422, "refused");
	post(f, EST "/internal~server/simplereenroll", &csr);
	assert_problem(f, 422, "refused");
	buf_free(&csr);
	buf_free(&other);
}

static void
enrols_once_for_an_idempotency_key(void **state)
{
	struct fixture *f = *state;
	size_t count = count_certificates(f);
	struct buffer csr, first;

	request_in_base64(f, SUBJECT, &csr);
	buf_init(&first, 0);
	f->idempotency_key = "enrolment";
	assert_int_equal(post(f, EST "/simpleenroll", &csr), 200);
	buf_append(&first, f->res.body.data, f->res.body.len);
	assert_int_equal(post(f, EST "/simpleenroll", &csr), 200);
	f->idempotency_key = NULL;
	assert_string_equal(body_text(f), buf_string(&first));
	assert_int_equal(count_certificates(f), count + 1);
	buf_free(&csr);
	buf_free(&first);
}

static void
refuses_labels_that_name_nothing(void **state)
{
	static const char *const labels[] = { "nobody", "internal~nothing", "~server",
		"internal~", "internal~server~x", "internal%00" };
	struct fixture *f = *state;
	char target[128];

	for (size_t i = 0; i < 5; i++) {
		snprintf(target, sizeof(target), EST "/%s/cacerts", labels[i]);
		get(f, target);
		assert_problem(f, 404, "not-found");
	}
	get(f, EST "/internal%00/cacerts");
	assert_problem(f, 400, "bad-request");
}

static void
refuses_what_is_no_request(void **state)
{
	struct fixture *f = *state;
	struct buffer csr;

	request_in_base64(f, SUBJECT, &csr);
	send_bytes(f, "POST", EST "/simpleenroll", JSON, buf_bytes(&csr));
	assert_problem(f, 415, "unsupported");
	send_text(f, "POST", EST "/simpleenroll", PKCS10, "MIIB");
	assert_problem(f, 400, "bad-request");
	send_text(f, "POST", EST "/simplereenroll", PKCS10, "garbage");
	assert_problem(f, 400, "bad-request");
	post(f, EST "/simpleenroll?dry_run=true", &csr);
	assert_problem(f, 400, "bad-request");
	get(f, EST "/simpleenroll");
	assert_int_equal(f->res.status, 405);
	buf_free(&csr);
}

static char *const internal_only[] = { "internal" };
static const struct access_rule rules[] = {
	{ .who = { .id = 4000055 },
	    .who_text = "unix:est",
	    .may = ACCESS_ISSUE,
	    .issuers = { internal_only, 1 } },
	{ .who = { .id = 4000044 }, .may = ACCESS_READ },
};

static void
enrols_for_whom_a_rule_admits(void **state)
{
	static const char *const targets[] = { EST "/simpleenroll",
		EST "/internal/simpleenroll", EST "/internal/simplereenroll" };
	static const char *const others[] = { EST "/root/simpleenroll",
		EST "/root/simplereenroll" };
	struct fixture *f = *state;
	struct caller before = f->caller;
	struct buffer csr;

	request_in_base64(f, SUBJECT, &csr);
	fixture_rules(f, rules, 2);
	for (size_t i = 0; i < 3; i++) {
		f->caller = (struct caller){ .actor = "uid:4000055", .uid = 4000055 };
		assert_int_equal(post(f, targets[i], &csr), 200);
		f->caller = (struct caller){ .actor = "uid:4000044", .uid = 4000044 };
		post(f, targets[i], &csr);
		assert_problem(f, 403, "forbidden");
		f->caller = anybody;
		post(f, targets[i], &csr);
		assert_problem(f, 403, "forbidden");
	}
	f->caller = (struct caller){ .actor = "uid:4000055", .uid = 4000055 };
	for (size_t i = 0; i < 2; i++) {
		post(f, others[i], &csr);
		assert_problem(f, 403, "forbidden");
	}
	f->caller = before;
	fixture_rules(f, NULL, 0);
	buf_free(&csr);
}

/* The last test: it adds an issuer. */
static void
asks_for_a_label_where_there_is_a_choice(void **state)
{
	static const struct caller stranger = { .actor = "uid:6", .uid = 6 };
	struct fixture *f = *state;
	const struct caller before = f->caller;

	make_issuer(f, "second", "root");
	get(f, EST "/cacerts");
	assert_problem(f, 404, "not-found");
	assert_true(body_has(f, "root, internal, second"));
	f->caller = stranger;
	get(f, EST "/cacerts");
	assert_problem(f, 404, "not-found");
	assert_false(body_has(f, "internal"));
	assert_int_equal(get(f, EST "/second/cacerts"), 200);
	f->caller = before;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_chain_and_the_root_to_anybody),
		cmocka_unit_test(says_which_kind_of_key_it_wants),
		cmocka_unit_test(enrols_with_the_profile_of_the_label),
		cmocka_unit_test(re_enrols_for_the_names_of_a_valid_certificate),
		cmocka_unit_test(enrols_once_for_an_idempotency_key),
		cmocka_unit_test(refuses_labels_that_name_nothing),
		cmocka_unit_test(refuses_what_is_no_request),
		cmocka_unit_test(enrols_for_whom_a_rule_admits),
		cmocka_unit_test(asks_for_a_label_where_there_is_a_choice),
	};

	return cmocka_run_group_tests(tests, issuing_open, fixture_close);
}
