/* scene.c - a root and a leaf, made as the authority makes them. */
#include "tests/ca/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ca/draft.h"
#include "ca/san.h"
#include "ca/subject.h"
#include "tests/ca/support.h"

X509 *
scene_sign(const struct certificate_spec *spec)
{
	struct violations v = { 0 };
	struct error err = { 0 };
	struct draft draft;
	struct buffer der;
	const unsigned char *p;
	X509 *cert;

	buf_init(&der, 0);
	if (draft_make(NULL, spec, &draft, &v, &err) != 0)
		fail_msg("%s", err.text);
	if (v.count > 0)
		fail_msg("%s: %s", v.items[0].rule, v.items[0].detail);
	if (draft_sign(NULL, &draft, spec, &der, &err) != 0)
		fail_msg("%s", err.text);
	p = der.data;
	cert = d2i_X509(NULL, &p, (long)der.len);
	buf_free(&der);
	draft_clear(&draft);
	return cert;
}

void
scene_fill_root(struct certificate_spec *spec, EVP_PKEY *key, int64_t length_s)
{
	*spec = (struct certificate_spec){ .profile = profile_root(), .path_len = 1 };
	spec->key = spec->issuer_key = key;
	spec->serial[0] = 0x40;
	spec->validity = (struct validity){ NOW - 300, NOW + length_s };
	assert_int_equal(subject_from_text("/CN=root", &spec->subject, NULL), 0);
}

static void
fill_leaf(struct scene *scene, EVP_PKEY *key)
{
	struct certificate_spec *spec = &scene->spec;

	*spec = (struct certificate_spec){ .profile = profile_find("server"),
		.path_len = PATH_LEN_NONE };
	spec->issuer = scene->root;
	spec->issuer_key = scene->root_spec.key;
	spec->key = key;
	spec->serial[0] = 0x41;
	spec->validity = (struct validity){ NOW - 300, NOW + 3600 };
	spec->names = sk_GENERAL_NAME_new_null();
	san_add_dns(
	    spec->names, (struct bytes){ (const unsigned char *)"localhost", 9 }, NULL);
	assert_int_equal(subject_from_text("/CN=localhost", &spec->subject, NULL), 0);
}

int
scene_open(void **state)
{
	static struct scene scene;

	scene_fill_root(&scene.root_spec, rsa_key(2048), INT64_C(788000000));
	scene.root = scene_sign(&scene.root_spec);
	fill_leaf(&scene, rsa_key(2048));
	scene.leaf = scene_sign(&scene.spec);
	*state = &scene;
	return 0;
}

int
scene_close(void **state)
{
	struct scene *scene = *state;

	EVP_PKEY_free(scene->spec.key);
	EVP_PKEY_free(scene->root_spec.key);
	X509_NAME_free(scene->spec.subject);
	X509_NAME_free(scene->root_spec.subject);
	GENERAL_NAMES_free(scene->spec.names);
	X509_free(scene->leaf);
	X509_free(scene->root);
	return 0;
}

bool
lint_finds_in(const struct certificate_spec *spec, X509 *changed, enum rule rule)
{
	struct violations v = { 0 };
	unsigned char *der = NULL;
	const unsigned char *p;
	X509 *parsed;
	int len;

	assert_true(i2d_re_X509_tbs(changed, NULL) > 0);
	len = i2d_X509(changed, &der);
	p = der;
	assert_non_null(parsed = d2i_X509(NULL, &p, len));
	lint_run(NULL, parsed, spec, &v);
	X509_free(parsed);
	X509_free(changed);
	OPENSSL_free(der);
	return v.count > 0 && breaks(&v, rule);
}

bool
lint_finds(const struct scene *scene, X509 *changed, enum rule rule)
{
	return lint_finds_in(&scene->spec, changed, rule);
}

X509 *
with_extension(const struct scene *scene, int nid, const char *value)
{
	X509 *copy = X509_dup(scene->leaf);
	int at = X509_get_ext_by_NID(copy, nid, -1);
	X509_EXTENSION *ext;

	if (at >= 0)
		X509_EXTENSION_free(X509_delete_ext(copy, at));
	if (value != NULL) {
		assert_non_null(ext = X509V3_EXT_nconf_nid(NULL, NULL, nid, value));
		X509_add_ext(copy, ext, -1);
		X509_EXTENSION_free(ext);
	}
	return copy;
}
