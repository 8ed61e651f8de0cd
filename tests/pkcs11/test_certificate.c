/* test_certificate.c - an issuer's certificate beside its key on the token. */
#include "pkcs11/certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pkcs11/session.h"
#include "tests/support/token.h"

static const struct object_id id = { .data = { 0x47, 0x11 }, .len = 2 };

/* SoftHSM looks into none of them. */
static struct certificate_parts
parts_of(const char *certificate)
{
	static const unsigned char name[] = { 0x30, 0x00 },
				   serial[] = { 0x02, 0x01, 0x01 };

	return (struct certificate_parts){
		.certificate = { (const unsigned char *)certificate,
		    strlen(certificate) },
		.subject = { name, sizeof(name) },
		.issuer = { name, sizeof(name) },
		.serial = { serial, sizeof(serial) },
	};
}

/* How many there are under the id, and the value of one. */
static size_t
look(struct token *token, struct buffer *value)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_ATTRIBUTE match[] = { { CKA_CLASS, &class, sizeof(class) },
		{ CKA_ID, (void *)(uintptr_t)id.data, id.len } };
	CK_OBJECT_HANDLE found[4];
	CK_SESSION_HANDLE session;
	size_t count;

	assert_int_equal(session_take(token->sessions, &session, NULL), 0);
	assert_int_equal(
	    object_find(token->functions, session, match, 2, found, 4, &count, NULL), 0);
	if (count > 0)
		assert_int_equal(object_read(token->functions, session, found[0],
				     CKA_VALUE, value, NULL),
		    0);
	session_give(token->sessions, session);
	return count;
}

static void
puts_one_and_replaces_it(void **state)
{
	struct test_token *t = *state;
	struct certificate_parts old = parts_of("old"), new = parts_of("new");
	struct buffer value;

	buf_init(&value, 0);
	assert_int_equal(look(t->token, &value), 0);
	assert_int_equal(token_put_certificate(t->token, &id, "ca", &old, NULL), 0);
	assert_int_equal(look(t->token, &value), 1);
	assert_string_equal(buf_string(&value), "old");
	buf_reset(&value);
	assert_int_equal(token_put_certificate(t->token, &id, "ca", &new, NULL), 0);
	assert_int_equal(look(t->token, &value), 1);
	assert_string_equal(buf_string(&value), "new");
	buf_free(&value);
}

static CK_OBJECT_HANDLE known;

/* As NSS does with one of the same issuer and serial. */
static CK_RV
know_again(
    CK_SESSION_HANDLE session, CK_ATTRIBUTE *list, CK_ULONG count, CK_OBJECT_HANDLE *made)
{
	(void)session;
	(void)list;
	(void)count;
	*made = known;
	return CKR_OK;
}

static void
one_that_the_token_knows_again_stays(void **state)
{
	struct test_token *t = *state;
	struct certificate_parts parts = parts_of("new");
	CK_FUNCTION_LIST knowing = *t->token->functions, *real = t->token->functions;
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_ATTRIBUTE match[] = { { CKA_CLASS, &class, sizeof(class) },
		{ CKA_ID, (void *)(uintptr_t)id.data, id.len } };
	CK_SESSION_HANDLE session;
	struct buffer value;
	size_t count;
	int rc;

	assert_int_equal(token_put_certificate(t->token, &id, "ca", &parts, NULL), 0);
	assert_int_equal(session_take(t->token->sessions, &session, NULL), 0);
	assert_int_equal(
	    object_find(real, session, match, 2, &known, 1, &count, NULL), 0);
	session_give(t->token->sessions, session);
	knowing.C_CreateObject = know_again;
	t->token->functions = &knowing;
	rc = token_put_certificate(t->token, &id, "ca", &parts, NULL);
	t->token->functions = real;
	assert_int_equal(rc, 0);
	buf_init(&value, 0);
	assert_int_equal(look(t->token, &value), 1);
	buf_free(&value);
}

static void
leaves_what_somebody_else_put_there(void **state)
{
	struct test_token *t = *state;
	struct certificate_parts parts = parts_of("theirs");
	struct buffer value;

	buf_init(&value, 0);
	assert_int_equal(token_put_certificate(t->token, &id, "other", &parts, NULL), 0);
	assert_int_equal(token_put_certificate(t->token, &id, "ca", &parts, NULL), 0);
	assert_int_equal(look(t->token, &value), 2);
	buf_free(&value);
}

static CK_RV
refuse(
    CK_SESSION_HANDLE session, CK_ATTRIBUTE *list, CK_ULONG count, CK_OBJECT_HANDLE *made)
{
	(void)session;
	(void)list;
	(void)count;
	(void)made;
	return CKR_TEMPLATE_INCONSISTENT;
}

static void
reports_a_token_that_refuses(void **state)
{
	struct test_token *t = *state;
	struct certificate_parts parts = parts_of("x");
	CK_FUNCTION_LIST refusing = *t->token->functions, *real = t->token->functions;
	struct error err = { 0 };
	int rc;

	refusing.C_CreateObject = refuse;
	t->token->functions = &refusing;
	rc = token_put_certificate(t->token, &id, "ca", &parts, &err);
	t->token->functions = real;
	assert_int_equal(rc, -1);
	assert_non_null(strstr(err.text, "C_CreateObject"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(puts_one_and_replaces_it),
		cmocka_unit_test(one_that_the_token_knows_again_stays),
		cmocka_unit_test(leaves_what_somebody_else_put_there),
		cmocka_unit_test(reports_a_token_that_refuses),
	};

	return cmocka_run_group_tests(tests, test_token_open, test_token_close);
}
