/* issuing.c - certificates to ask about. */
#include "tests/api/issuing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
int
issuing_open(void **state)
{
	struct fixture *f;

	if (fixture_open(state) != 0)
		return -1;
	f = *state;
	make_issuer(f, "root", NULL);
	make_issuer(f, "internal", "root");
	make_key(f, "web", "ec-p256", "tls");
	return 0;
}

void
request_for(struct fixture *f, const char *body, struct buffer *pem)
{
	buf_init(pem, 0);
	assert_int_equal(post_json(f, "/v1/keys/web/csr", body), 200);
	buf_append(pem, f->res.body.data, f->res.body.len);
}

void
issue_to_localhost(struct fixture *f, char *serial)
{
	struct buffer csr;

	request_for(f, "{\"subject\":\"/CN=localhost\",\"sans\":[\"localhost\"]}", &csr);
	assert_int_equal(send_bytes(f, "POST", ISSUE, PKCS10, buf_bytes(&csr)), 201);
	snprintf(serial, 41, "%s", f->res.location + strlen("/v1/certificates/"));
	buf_free(&csr);
}

size_t
count_certificates(struct fixture *f)
{
	assert_int_equal(get(f, "/v1/certificates?limit=1000"), 200);
	return list_size(f, "certificates");
}
