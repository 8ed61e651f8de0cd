/* Which request that was kept is sent again, and which is made anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/file.h"
#include "tests/agent/round_scene.h"
#include "tests/base/directory.h"

#define MADE_ANEW "POST /v1/keys/spki:"

static const char *
request_path(struct scene *f)
{
	static char path[256];

	directory_path(&f->directory, "web/.web.request", path);
	return path;
}

/* One with this CSR, and this chain, if any, by an agent that did not get further. */
static void
keep(struct scene *f, const char *source, const char *csr, const char *chain)
{
	json_t *request = json_pack("{s:[s], s:o, s:s, s:s, s:s, s:s*}", "names",
	    "a.example", "source", json_loads(source, 0, NULL), "spki_sha256", f->spki,
	    "attempt", "00", "csr", csr, "chain", chain);
	char path[256];

	assert_non_null(request);
	directory_path(&f->directory, "web", path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(json_dump_file(request, request_path(f), 0), 0);
	json_decref(request);
}

static void
go_on(struct scene *f, const char *source)
{
	char state[128];

	snprintf(
	    state, sizeof(state), "\"step\":\"issue\",\"spki_sha256\":\"%s\"", f->spki);
	scene_add(f, "web", source, state, "");
	scene_round(f);
	assert_int_equal(f->failures, 1);
}

static void
one_for_the_key_under_way_is_sent_again(void **state)
{
	struct scene *f = *state;

	keep(f, INTERNAL, f->csr, NULL);
	go_on(f, INTERNAL);
	assert_false(fake_server_saw(f->server, MADE_ANEW));
	assert_true(fake_server_saw(f->server, "POST /v1/issuers/internal/certificates"));
}

/* Whoever owns the directory may have put it there. */
static void
one_for_another_key_is_made_anew(void **state)
{
	struct scene *f = *state;
	char csr[1024];

	scene_request(csr);
	keep(f, INTERNAL, csr, NULL);
	go_on(f, INTERNAL);
	assert_true(fake_server_saw(f->server, MADE_ANEW));
}

static void
and_what_is_no_request(void **state)
{
	struct scene *f = *state;

	keep(f, INTERNAL, "a request", NULL);
	go_on(f, INTERNAL);
	assert_true(fake_server_saw(f->server, MADE_ANEW));
}

static void
and_what_somebody_else_wrote(void **state)
{
	struct scene *f = *state;

	if (geteuid() != 0) {
		print_message("skipped: not root: nobody else could have written it\n");
		skip();
	}
	keep(f, INTERNAL, f->csr, NULL);
	assert_int_equal(chown(request_path(f), 65534, (gid_t)-1), 0);
	go_on(f, INTERNAL);
	assert_true(fake_server_saw(f->server, MADE_ANEW));
}

/* It would be kept, and refused, for half of its life. */
static void
a_certificate_for_another_key_is_forgotten(void **state)
{
	struct scene *f = *state;
	struct buffer chain;
	char path[256];

	buf_init(&chain, 0);
	directory_path(&f->directory, "other.pem", path);
	scene_certificate(path, "20400101000000Z");
	assert_int_equal(file_read(path, 65536, &chain, &f->err), 0);
	keep(f, OUTSIDE, f->csr, buf_string(&chain));
	go_on(f, OUTSIDE);
	assert_true(fake_server_saw(f->server, "the certificate is for another key"));
	assert_int_equal(access(request_path(f), F_OK), -1);
	buf_free(&chain);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_for_the_key_under_way_is_sent_again),
		TEST(one_for_another_key_is_made_anew),
		TEST(and_what_is_no_request),
		TEST(and_what_somebody_else_wrote),
		TEST(a_certificate_for_another_key_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
