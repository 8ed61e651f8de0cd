/* managed_trial.c - what would be issued, and when again. */
#include "api/managed_trial.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "api/issuing.h"
#include "api/json.h"
#include "base/clock.h"
#include "ca/csr.h"

#define YEAR_S    (365 * MANAGED_DAY_S)
#define TIMES_MAX 100

/* No key of the token is made for a trial. */
static int
make_key(enum key_type type, EVP_PKEY **key, struct error *err)
{
	const struct key_type_info *info = key_type_info(type);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, info->algorithm, NULL);
	int rc = 0;

	*key = NULL;
	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 ||
	    (key_type_is_rsa(type) &&
		EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, info->bits) != 1) ||
	    (info->group != NULL && EVP_PKEY_CTX_set_group_name(ctx, info->group) != 1) ||
	    EVP_PKEY_generate(ctx, key) != 1)
		rc = error_set_openssl(err, ERROR_INTERNAL, "a key to try with");
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

static int
make_request(const struct managed_definition *d, struct buffer *pem, struct error *err)
{
	struct csr_spec spec = { .sans = d->names, .san_count = d->name_count };
	int rc;

	if (make_key(d->key_type, &spec.key, err) != 0)
		return -1;
	rc = csr_build(NULL, &spec, pem, err);
	EVP_PKEY_free(spec.key);
	return rc;
}

static int
judge(struct exchange *x, const struct managed_definition *d, struct json_t **certificate,
    struct error *err)
{
	struct issue_request request = { .issuer = d->source.issuer,
		.profile = d->source.profile,
		.validity_s = d->days * MANAGED_DAY_S,
		.actor = x->req->caller->actor,
		.request_id = x->req->id };
	struct buffer pem;
	int rc;

	buf_init(&pem, 0);
	if ((rc = make_request(d, &pem, err)) == 0) {
		request.csr = buf_bytes(&pem);
		rc = issuing_judge(x, &request, certificate, err);
	}
	buf_free(&pem);
	return rc;
}

/* The agent goes on with a key that has the name already. */
static int
check_key(struct exchange *x, const struct managed_definition *d, struct error *err)
{
	struct keystore_key key;

	if (keyring_find(x->api->keys, d->name, &key, NULL) != 0)
		return 0;
	if (key.use == KEY_USE_TLS || key.use == KEY_USE_TLS_RSA_KEX)
		return 0;
	return error_set(err, ERROR_CONFLICT,
	    "there is a key %s, and its use is %s, not tls: choose another name", d->name,
	    key_use_name(key.use));
}

static int
check_account(struct exchange *x, const struct managed_definition *d, struct error *err)
{
	const char *account = d->source.account;
	struct keystore_key key;

	if (account == NULL)
		return 0;
	if (keyring_find(x->api->keys, account, &key, NULL) != 0)
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"account\": there is no key %s to sign for it", account);
	if (key.use != KEY_USE_SIGN)
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"account\": the use of key %s is %s, not sign", account,
		    key_use_name(key.use));
	return 0;
}

int
managed_try(struct exchange *x, const struct managed_definition *d,
    struct json_t **certificate, struct error *err)
{
	*certificate = NULL;
	if (check_key(x, d, err) != 0 || check_account(x, d, err) != 0)
		return -1;
	return d->source.account != NULL ? 0 : judge(x, d, certificate, err);
}

/* The earliest times; what makes them later is the hash of a serial that nobody knows. */
static struct json_t *
list_times(const struct managed_definition *d, int64_t now, int64_t *count)
{
	int64_t step = d->days * MANAGED_DAY_S - d->renew_before_s;
	struct json_t *list = json_make("[]");
	char text[CLOCK_TEXT_SIZE];

	*count = YEAR_S / step;
	for (int64_t i = 1; list != NULL && i <= *count && i <= TIMES_MAX; i++) {
		clock_format(text, now + i * step);
		if (json_append(list, json_make("s", text), NULL) != 0) {
			json_free(list);
			list = NULL;
		}
	}
	return list;
}

int
managed_answer_trial(struct exchange *x, const struct managed_definition *d,
    struct json_t *certificate, struct error *err)
{
	struct json_t *answer, *times = NULL, *count = NULL;
	int64_t renewals = 0;

	if (d->days != 0) {
		times = list_times(d, clock_now_s(), &renewals);
		count = json_make("I", (long long)renewals);
	}
	answer = json_make("{s:O,s:o*,s:o*,s:o*}", "managed", d->json, "certificate",
	    certificate, "renewals", times, "renewals_in_a_year", count);
	return json_respond(x->res, 200, answer, err);
}
