/* scene.c - a small house with everything in it that a request can be about. */
#include "tests/fuzz/scene.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ca/authority_crl.h"
#include "tests/api/issuing.h"
#include "tests/fuzz/target.h"

static char *const internal[] = { (char *)"internal" };
static char *const web[] = { (char *)"web" };
static const struct access_rule rules[] = {
	{ .who = { WHO_USER, 33, NULL },
	    .who_text = "unix:www-data",
	    .may = ACCESS_USE | ACCESS_READ,
	    .keys = { web, 1 } },
	{ .who = { WHO_CERTIFICATE, 0, "dns:ci.example" },
	    .who_text = "cert:dns:ci.example",
	    .may = ACCESS_ISSUE | ACCESS_REVOKE,
	    .issuers = { internal, 1 } },
	{ .who = { WHO_TOKEN, 0, "deploy" },
	    .who_text = "token:deploy",
	    .may = ACCESS_MANAGE_KEY | ACCESS_MANAGE | ACCESS_READ,
	    .keys = { web, 1 } },
};

static const char *const ci_names[] = { "dns:ci.example", "subject:CN=ci" };
static const struct caller admin = { .actor = "uid:0", .admin = true },
			   user = { .actor = "uid:33", .uid = 33, .gid = 33 },
			   ci = { .actor = "cert:dns:ci.example",
				   .kind = CALLER_CERTIFICATE,
				   .names = ci_names,
				   .name_count = 2 },
			   nobody = { .actor = "nobody", .kind = CALLER_NOBODY };

const struct caller *
scene_caller(const char *name)
{
	static const struct {
		const char *name;
		const struct caller *caller;
	} callers[] = {
		{ "admin", &admin },
		{ "user", &user },
		{ "certificate", &ci },
		{ "nobody", &nobody },
	};

	for (size_t i = 0; i < sizeof(callers) / sizeof(callers[0]); i++)
		if (strcmp(callers[i].name, name) == 0)
			return callers[i].caller;
	return NULL;
}

static void
issue(struct scene *scene)
{
	struct fixture *f = scene->f;
	char target[80];

	issue_to_localhost(f, scene->serial);
	request_for(
	    f, "{\"subject\":\"/CN=localhost\",\"sans\":[\"localhost\"]}", &scene->csr);
	snprintf(target, sizeof(target), "/v1/certificates/%s", scene->serial);
	f->accept = PEM;
	must(get(f, target) == 200);
	f->accept = NULL;
	buf_init(&scene->certificate, 0);
	buf_text(&scene->certificate, body_text(f));
}

void
scene_open(struct scene *scene)
{
	void *state = NULL;

	*scene = (struct scene){ 0 };
	must(issuing_open(&state) == 0);
	scene->f = state;
	make_key(scene->f, "kex", "rsa-2048", "tls-rsa-kex");
	make_signer(scene->f, "signer", scene->hash);
	issue(scene);
	must(post_json(scene->f, "/v1/tokens", "{\"name\":\"deploy\"}") == 201);
	snprintf(
	    scene->bearer, sizeof(scene->bearer), "Bearer %s", member(scene->f, "token"));
	must(post_json(scene->f, "/v1/issuers",
		 "{\"name\":\"outside\",\"external\":true}") == 201);
	must(post_json(scene->f, "/v1/managed",
		 "{\"name\":\"site\",\"names\":[\"localhost\"],\"source\":{\"issuer\":"
		 "\"internal\"},\"directory\":\"/tls\"}") == 201);
	authority_publish(scene->f->api.authority, clock_now_s());
	fixture_rules(scene->f, rules, sizeof(rules) / sizeof(rules[0]));
}

void
scene_close(struct scene *scene)
{
	void *state = scene->f;

	buf_free(&scene->csr);
	buf_free(&scene->certificate);
	must(fixture_close(&state) == 0);
}

static void
append(struct buffer *out, const char *text, bool in_json)
{
	for (; *text != '\0'; text++) {
		if (in_json && *text == '\n')
			buf_text(out, "\\n");
		else
			buf_append(out, text, 1);
	}
}

void
scene_expand(
    const struct scene *scene, struct bytes input, bool in_json, struct buffer *out)
{
	const struct {
		const char *word, *text;
	} words[] = {
		{ "$serial", scene->serial },
		{ "$hash", scene->hash },
		{ "$bearer", scene->bearer },
		{ "$csr", buf_string(&scene->csr) },
		{ "$certificate", buf_string(&scene->certificate) },
	};
	const size_t count = sizeof(words) / sizeof(words[0]);

	for (size_t at = 0, i; at < input.len;) {
		for (i = 0; i < count; i++) {
			size_t len = strlen(words[i].word);

			if (input.len - at >= len &&
			    memcmp(input.data + at, words[i].word, len) == 0) {
				append(out, words[i].text, in_json);
				at += len;
				break;
			}
		}
		if (i == count)
			buf_append(out, input.data + at++, 1);
	}
}
