/*
 * token_load.c - signatures of a token in this process: C_SignInit and C_Sign in a loop,
 * a session for each thread. With p11-kit-client.so for a module it is p11-kit's remoting
 * that is measured.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "bench/crew.h"
#include "bench/options.h"
#include "pkcs11/ckr.h"
#include "pkcs11/mechanism.h"
#include "pkcs11/module.h"
#include "pkcs11/object.h"

static const char usage[] =
    "usage: token_load --module PATH --token LABEL --pin-file FILE --key LABEL\n"
    "                  --scheme SCHEME --type TYPE [--copy] [--threads N]\n"
    "                  [--seconds S] [--warmup S]\n"
    "\n"
    "--copy signs with a session object: a copy that each thread makes of the key.\n";

struct setting {
	const char *module, *token, *pin_file, *key, *scheme, *type;
	bool copy;
	struct crew_options crew;
};

struct target {
	const struct setting *setting;
	struct module *module;
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE anchor; /* the login's */
	struct mechanism mechanism;
	CK_OBJECT_HANDLE key;
};

struct signer {
	const struct target *target;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
};

static int
read_setting(int argc, char **argv, struct setting *s, struct error *err)
{
	const struct option_row rows[] = {
		{ "module", .text = &s->module, .required = true },
		{ "token", .text = &s->token, .required = true },
		{ "pin-file", .text = &s->pin_file, .required = true },
		{ "key", .text = &s->key, .required = true },
		{ "scheme", .text = &s->scheme, .required = true },
		{ "type", .text = &s->type, .required = true },
		{ "copy", .flag = &s->copy },
		OPTIONS_CREW(&s->crew),
	};

	if (options_read(argc, argv, usage, rows, sizeof(rows) / sizeof(rows[0]), err) !=
	    0)
		return -1;
	return 0;
}

/* Cryptoki pads labels with spaces (PKCS#11 v2.40 section 3.2, CK_TOKEN_INFO). */
static bool
is_labelled(const CK_TOKEN_INFO *info, const char *label)
{
	size_t len = strlen(label);

	if (len > sizeof(info->label) || memcmp(info->label, label, len) != 0)
		return false;
	for (; len < sizeof(info->label); len++)
		if (info->label[len] != ' ')
			return false;
	return true;
}

/* p11-kit-client.so gives each who asks a list of his own, not initialised. */
static int
initialise(const struct target *target, struct error *err)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
	CK_RV rv = target->module->functions->C_Initialize(&args);

	if (rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED)
		return 0;
	return ckr_error(err, rv, "C_Initialize");
}

static int
find_slot(struct target *target, struct error *err)
{
	const CK_FUNCTION_LIST *f = target->module->functions;
	CK_SLOT_ID slots[64];
	CK_ULONG count = sizeof(slots) / sizeof(slots[0]);
	CK_TOKEN_INFO info;
	CK_RV rv = f->C_GetSlotList(CK_TRUE, slots, &count);

	if (rv != CKR_OK)
		return ckr_error(err, rv, "C_GetSlotList");
	for (CK_ULONG i = 0; i < count; i++) {
		if (f->C_GetTokenInfo(slots[i], &info) != CKR_OK ||
		    !is_labelled(&info, target->setting->token))
			continue;
		target->slot = slots[i];
		return 0;
	}
	return error_set(
	    err, ERROR_NOT_FOUND, "no token is labelled %s", target->setting->token);
}

static int
log_in(struct target *target, struct error *err)
{
	const CK_FUNCTION_LIST *f = target->module->functions;
	struct buffer pin;
	CK_RV rv;

	buf_init(&pin, 256);
	if (file_read(target->setting->pin_file, 256, &pin, err) != 0)
		return -1;
	while (pin.len > 0 && pin.data[pin.len - 1] == '\n')
		pin.len--;
	rv = f->C_OpenSession(
	    target->slot, CKF_SERIAL_SESSION, NULL, NULL, &target->anchor);
	if (rv == CKR_OK)
		rv = f->C_Login(target->anchor, CKU_USER, pin.data, pin.len);
	buf_free(&pin);
	return rv == CKR_OK ? 0 : ckr_error(err, rv, "C_Login");
}

static int
find_key(struct target *target, struct error *err)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	const char *label = target->setting->key;
	CK_ATTRIBUTE match[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_LABEL, (void *)(uintptr_t)label, strlen(label) },
	};
	size_t count;

	if (object_find(target->module->functions, target->anchor, match, 2, &target->key,
		1, &count, err) != 0)
		return -1;
	return count == 1 ? 0 : error_set(err, ERROR_NOT_FOUND, "no key %s", label);
}

/* The content of a TLS 1.3 CertificateVerify is 130 bytes with SHA-256. */
static int
make_mechanism(struct target *target, struct error *err)
{
	static const unsigned char content[130];
	const struct bytes message = { content, sizeof(content) };
	enum key_type type;
	enum scheme scheme;

	if (key_type_read(target->setting->type, &type, err) != 0 ||
	    scheme_read(target->setting->scheme, &scheme, err) != 0)
		return -1;
	return mechanism_init(&target->mechanism, scheme, type, &message, err);
}

static int
copy_key(struct signer *signer, struct error *err)
{
	const CK_FUNCTION_LIST *f = signer->target->module->functions;
	CK_BBOOL no = CK_FALSE;
	CK_ATTRIBUTE session_object = { CKA_TOKEN, &no, sizeof(no) };
	CK_RV rv = f->C_CopyObject(
	    signer->session, signer->key, &session_object, 1, &signer->key);

	return rv == CKR_OK ? 0 : ckr_error(err, rv, "C_CopyObject");
}

static int
start(void *ctx, unsigned thread, void **state, struct error *err)
{
	const struct target *target = ctx;
	struct signer *signer = calloc(1, sizeof(*signer));
	CK_RV rv;

	(void)thread;
	if (signer == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	*state = signer;
	signer->target = target;
	signer->key = target->key;
	rv = target->module->functions->C_OpenSession(
	    target->slot, CKF_SERIAL_SESSION, NULL, NULL, &signer->session);
	if (rv != CKR_OK)
		return ckr_error(err, rv, "C_OpenSession");
	return target->setting->copy ? copy_key(signer, err) : 0;
}

static int
step(void *state, struct crew_tally *tally, struct error *err)
{
	const struct signer *signer = state;
	const struct target *target = signer->target;
	const CK_FUNCTION_LIST *f = target->module->functions;
	CK_MECHANISM mechanism = target->mechanism.ck;
	CK_BYTE signature[SIGNATURE_MAX_BYTES];
	CK_ULONG len = sizeof(signature);
	int64_t since = clock_mono_ns();
	CK_RV rv = f->C_SignInit(signer->session, &mechanism, signer->key);

	if (rv == CKR_OK)
		rv = f->C_Sign(signer->session,
		    (CK_BYTE *)(uintptr_t)target->mechanism.data.data,
		    target->mechanism.data.len, signature, &len);
	if (rv != CKR_OK)
		return ckr_error(err, rv, "signing");
	histogram_add(&tally->latency, (uint64_t)(clock_mono_ns() - since));
	return 0;
}

static void
stop(void *state)
{
	struct signer *signer = state;

	if (signer == NULL)
		return;
	signer->target->module->functions->C_CloseSession(signer->session);
	free(signer);
}

int
main(int argc, char **argv)
{
	struct setting setting = { .crew = OPTIONS_CREW_DEFAULT };
	struct target target = { .setting = &setting };
	const struct crew_job job = { &target, start, step, stop };
	struct crew_result result;
	struct error err = { 0 };

	if (read_setting(argc, argv, &setting, &err) != 0 ||
	    module_open(setting.module, NULL, &target.module, &err) != 0 ||
	    initialise(&target, &err) != 0 || find_slot(&target, &err) != 0 ||
	    log_in(&target, &err) != 0 || find_key(&target, &err) != 0 ||
	    make_mechanism(&target, &err) != 0 ||
	    crew_run(&setting.crew, &job, &result, &err) != 0) {
		fprintf(stderr, "token_load: %s\n", err.text);
		return 1;
	}
	crew_report(&result);
	module_close(target.module);
	return 0;
}
