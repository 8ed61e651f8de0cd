/* auditverify.c - keyhold audit verify. */
#include <string.h>

#include <jansson.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/audit.h"
#include "cli/auditjson.h"
#include "cli/auditsource.h"
#include "cli/daemon.h"
#include "cli/output.h"

#define FILE_MAX_BYTES 65536
#define PROBLEMS_MAX   100 /* that are told */

/* The check, and where what it finds goes. */
struct verification {
	struct cli *cli;
	struct auditcheck check;
	json_t *problems;
};

static void
note_problem(void *ctx, const char *what)
{
	struct verification *v = ctx;

	if (v->check.problems > PROBLEMS_MAX)
		return;
	json_array_append_new(v->problems, json_string(what));
	if (!v->cli->json)
		fprintf(v->cli->out, "%s\n", what);
}

static int
check_entry(void *ctx, json_t *entry, struct error *err)
{
	struct verification *v = ctx;
	struct audit_row row;

	(void)err;
	if (auditjson_entry(entry, &row))
		auditcheck_entry(&v->check, &row);
	else
		auditcheck_complain(&v->check,
		    "after entry %lld: something that is no entry",
		    (long long)v->check.seq);
	return 0;
}

static int
check_head(void *ctx, json_t *object, struct error *err)
{
	struct verification *v = ctx;
	struct auditcheck_head head;

	(void)err;
	if (auditjson_head(object, &head))
		auditcheck_signed(&v->check, &head);
	else
		auditcheck_complain(&v->check,
		    "head of entry %lld: changed: it is no head any more",
		    (long long)json_integer_value(json_object_get(object, "seq")));
	return 0;
}

static int
check_line(void *ctx, size_t line, struct error *err)
{
	struct verification *v = ctx;

	(void)err;
	auditcheck_complain(&v->check, "line %zu: neither an entry nor a head", line);
	return 0;
}

/* Every public key in text. */
static int
trust_pem(
    struct auditcheck *check, struct bytes text, const char *source, struct error *err)
{
	BIO *in = BIO_new_mem_buf(text.data, (int)text.len);
	unsigned char *der = NULL, hash[32];
	size_t before = check->trusted.count;
	EVP_PKEY *key;
	int rc = 0, len;

	while (rc == 0 && (key = PEM_read_bio_PUBKEY(in, NULL, NULL, NULL)) != NULL) {
		len = i2d_PUBKEY(key, &der);
		if (len <= 0 ||
		    EVP_Digest(der, (size_t)len, hash, NULL, EVP_sha256(), NULL) != 1)
			rc = error_set_openssl(err, ERROR_INTERNAL, "a public key");
		else
			rc = auditcheck_trust(check, hash, err);
		OPENSSL_free(der);
		der = NULL;
		EVP_PKEY_free(key);
	}
	ERR_clear_error();
	BIO_free(in);
	if (rc == 0 && check->trusted.count == before)
		return error_set(err, ERROR_CONFIG, "%s: no public key in PEM", source);
	return rc;
}

static int
trust_file(struct auditcheck *check, const char *path, struct error *err)
{
	struct buffer text;
	int rc;

	buf_init(&text, 0);
	rc = file_read(path, FILE_MAX_BYTES, &text, err);
	if (rc == 0)
		rc = trust_pem(check, buf_bytes(&text), path, err);
	buf_free(&text);
	return rc;
}

/* The token's own key, by the daemon's word. */
static int
trust_daemon(struct verification *v, struct error *err)
{
	json_t *answer;
	const char *pem;
	int rc = 0;

	if (daemon_get_json(v->cli, "/v1/audit/head", &answer, err) != 0)
		return -1;
	pem = json_string_value(json_object_get(answer, "public_key"));
	if (pem != NULL && *pem != '\0')
		rc = trust_pem(&v->check,
		    (struct bytes){ (const unsigned char *)pem, strlen(pem) },
		    "keyholdd's answer", err);
	json_decref(answer);
	return rc;
}

/* As audit head prints it: the newest entry of that time, and the newest signed. */
static int
expect(struct auditcheck *check, const json_t *kept, const char *path, struct error *err)
{
	const json_t *note = json_object_get(kept, "newest"),
		     *signed_head = json_object_get(kept, "signed");
	struct auditcheck_head head;

	if (!auditjson_note(note, &head))
		return error_set(
		    err, ERROR_CONFIG, "%s: not what keyhold audit head printed", path);
	if (head.seq > 0 && auditcheck_expect(check, &head, err) != 0)
		return -1;
	if (signed_head == NULL)
		return 0;
	if (!auditjson_head(signed_head, &head))
		return error_set(err, ERROR_CONFIG, "%s: its signed head is none", path);
	return auditcheck_expect(check, &head, err);
}

static int
expect_file(struct auditcheck *check, const char *path, struct error *err)
{
	struct buffer text;
	json_t *kept = NULL;
	int rc;

	buf_init(&text, 0);
	rc = file_read(path, FILE_MAX_BYTES, &text, err);
	if (rc == 0) {
		kept = json_loadb(buf_string(&text), text.len, 0, NULL);
		rc = expect(check, kept, path, err);
	}
	json_decref(kept);
	buf_free(&text);
	return rc;
}

static int
prepare(struct verification *v, struct error *err)
{
	const struct arguments *args = &v->cli->args;
	const char *path;
	size_t cursor = 0;

	while ((path = argument_next(args, "key", &cursor)) != NULL)
		if (trust_file(&v->check, path, err) != 0)
			return -1;
	cursor = 0;
	while ((path = argument_next(args, "head", &cursor)) != NULL)
		if (expect_file(&v->check, path, err) != 0)
			return -1;
	if (args->operand == NULL && v->check.trusted.count == 0)
		return trust_daemon(v, err);
	return 0;
}

static int
run(struct verification *v, struct error *err)
{
	const char *path = v->cli->args.operand;
	const struct auditsink sink = { check_entry, check_head, check_line, v };
	int rc;

	if (prepare(v, err) != 0)
		return -1;
	rc = path != NULL ? auditsource_file(v->cli, path, &sink, err)
			  : auditsource_daemon(v->cli, &sink, err);
	if (rc == 0)
		auditcheck_finish(&v->check);
	return rc;
}

static void
print_json(const struct verification *v, const char *key)
{
	const struct auditcheck *check = &v->check;
	json_t *answer = json_pack("{s:b,s:I,s:I,s:I,s:s*,s:b,s:O}", "holds",
	    check->problems == 0, "entries", (json_int_t)check->entries, "heads",
	    (json_int_t)check->heads, "signed_to", (json_int_t)check->signed_seq, "key",
	    check->heads > 0 ? key : NULL, "key_given", check->trusted.count > 0,
	    "problems", v->problems);

	output_json(v->cli, answer);
	json_decref(answer);
}

static void
print_text(const struct verification *v, const char *key)
{
	const struct auditcheck *check = &v->check;
	FILE *out = v->cli->out;
	char when[CLOCK_TEXT_SIZE];

	if (check->problems > PROBLEMS_MAX)
		fprintf(out, "and %zu more\n", check->problems - PROBLEMS_MAX);
	if (check->problems == 0)
		fprintf(out, "holds: entries %lld, signed heads %zu\n",
		    (long long)check->entries, check->heads);
	if (check->heads == 0) {
		fprintf(out, "no head was signed: what was removed from the end, or "
			     "recomputed, does not show\n");
		return;
	}
	clock_format(when, check->signed_time);
	fprintf(out, "newest head: entry %lld, signed %s by key %s\n",
	    (long long)check->signed_seq, when, key);
	if (check->trusted.count == 0)
		fprintf(out, "whose key that is, was not checked: give it with --key\n");
	if (check->seq > check->signed_seq)
		fprintf(out, "entries after it: %lld, not signed yet\n",
		    (long long)(check->seq - check->signed_seq));
}

int
audit_verify(struct cli *cli, struct error *err)
{
	struct verification v = { .cli = cli, .problems = json_array() };
	char key[65];
	int rc;

	v.check.complain = note_problem;
	v.check.ctx = &v;
	rc = run(&v, err);
	if (rc == 0) {
		hex_encode(key, v.check.signer, 32);
		if (cli->json)
			print_json(&v, key);
		else
			print_text(&v, key);
		if (v.check.problems > 0)
			rc = error_set(err, ERROR_TAMPERED,
			    "the audit record does not hold: %zu problem%s",
			    v.check.problems, v.check.problems > 1 ? "s" : "");
	}
	auditcheck_clear(&v.check);
	json_decref(v.problems);
	return rc;
}

const struct option_spec audit_verify_options[] = {
	{ .name = "key",
	    .metavar = "FILE",
	    .repeatable = true,
	    .help = "public keys in PEM that heads are believed from, and from those "
		    "that they hand over to; without it the daemon's" },
	{ .name = "head",
	    .metavar = "FILE",
	    .repeatable = true,
	    .help = "what audit head once printed: the record must still reach it" },
	{ .name = NULL },
};
