/*
 * keyring_task.c - a signature or decryption, at home or where else the key is.
 *
 * Only what a token failed in moves, never what is wrong with the request: of a bad
 * ciphertext no token says anything, and every token would refuse the same scheme.
 */
#include "pkcs11/keyring_state.h"

/* *home is NULL when its token is not in the configuration: err says so. */
static int
find_home(const struct keyring *ring, const struct keystore_task *task,
    struct keystore **home, struct error *err)
{
	struct keystore_key key;

	if (keystore_find_spki(ring->stores[0], task->spki_sha256, &key, err) != 0)
		return -1;
	if ((*home = keyring_home(ring, &key)) == NULL)
		keyring_lacks_home(&key, err);
	return 0;
}

static bool
is_of_token(enum error_code code)
{
	switch (code) {
	case ERROR_AWAY:
	case ERROR_BUSY:
	case ERROR_LOGGED_OUT:
	case ERROR_PIN:
	case ERROR_TOKEN:
		return true;
	default:
		return false;
	}
}

/* Those that are known to have the key come before those that may. */
static int
run_elsewhere(const struct keyring *ring, const struct keystore *home,
    const struct keystore_task *task)
{
	struct keystore_task own;
	struct error why;

	for (int known = 1; known >= 0; known--)
		for (size_t i = 0; i < ring->count; i++) {
			struct keystore *other = ring->stores[i];

			if (other == home || keystore_is_away(other) ||
			    keystore_has_seen(other, task->spki_sha256) != known)
				continue;
			own = *task;
			own.was_wrong = false;
			if (keystore_run(other, &own, &why) == 0)
				return 0;
		}
	return -1;
}

static int
run_anywhere(const struct keyring *ring, struct keystore_task *task, struct error *err)
{
	struct keystore *home;
	struct error why;
	bool was_away;

	if (find_home(ring, task, &home, &why) != 0)
		return error_set(err, why.code, "%s", why.text);
	was_away = home == NULL || keystore_is_away(home);
	task->hurries = true;
	if (home != NULL && keystore_run(home, task, &why) == 0)
		return 0;
	if (is_of_token(why.code) && run_elsewhere(ring, home, task) == 0)
		return 0;
	/* Nobody else has it: then its home is worth the wait that a single token gets.
	 */
	if (!was_away && keystore_recovered(home, &why))
		return keystore_run(home, task, err);
	return error_set(err, why.code, "%s", why.text);
}

static int
run(struct keyring *ring, struct keystore_task *task, struct error *err)
{
	if (ring->count == 1)
		return keystore_run(ring->stores[0], task, err);
	return run_anywhere(ring, task, err);
}

int
keyring_sign(struct keyring *ring, const unsigned char *spki_sha256, enum scheme scheme,
    const struct bytes *message, unsigned char sig[static SIGNATURE_MAX_BYTES],
    size_t *sig_len, struct error *err)
{
	struct keystore_task task = {
		.verb = KEYSTORE_SIGNS,
		.spki_sha256 = spki_sha256,
		.scheme = scheme,
		.input = message,
		.output = sig,
		.output_len = sig_len,
	};

	return run(ring, &task, err);
}

int
keyring_sign_digest(struct keyring *ring, const unsigned char *spki_sha256,
    enum scheme scheme, const struct bytes *digest,
    unsigned char sig[static SIGNATURE_MAX_BYTES], size_t *sig_len, struct error *err)
{
	struct keystore_task task = {
		.verb = KEYSTORE_SIGNS_DIGEST,
		.spki_sha256 = spki_sha256,
		.scheme = scheme,
		.input = digest,
		.output = sig,
		.output_len = sig_len,
	};

	return run(ring, &task, err);
}

int
keyring_decrypt(struct keyring *ring, const unsigned char *spki_sha256,
    const struct bytes *ciphertext, unsigned char premaster[static PREMASTER_BYTES],
    struct error *err)
{
	struct keystore_task task = {
		.verb = KEYSTORE_DECRYPTS,
		.spki_sha256 = spki_sha256,
		.input = ciphertext,
		.output = premaster,
	};

	return run(ring, &task, err);
}

static int
backend_sign(void *ctx, const struct key *key, enum scheme scheme,
    const struct bytes *message, unsigned char sig[static SIGNATURE_MAX_BYTES],
    size_t *sig_len, struct error *err)
{
	return keyring_sign(ctx, key->spki_sha256, scheme, message, sig, sig_len, err);
}

const struct key_backend keyring_backend = {
	.sign = backend_sign,
};
