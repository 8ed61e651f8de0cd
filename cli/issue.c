/*
 * issue.c - key, request, certificate and reference in one step.
 *
 * Everything that can fail on this machine is checked before the daemon changes anything,
 * and the certificate is signed last: what is signed gets written.
 */
#include "cli/issue.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/artifact.h"
#include "cli/daemon.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/rotate.h"
#include "cli/signing.h"
#include "rest/url.h"

struct target {
	char crt[PATH_MAX];
	char key[PATH_MAX];
	char pem[PATH_MAX]; /* both in one */
	bool with_pem;
	bool changed; /* at least one of the files */
};

/* What became of the key. */
struct outcome {
	bool made;
	char key[sizeof("spki:") + ROTATE_HASH_SIZE]; /* the same key, whatever rotates */
	char old[ROTATE_HASH_SIZE]; /* the hash of the key it replaced, or "" */
};

static int
make_path(char path[static PATH_MAX], const char *dir, const char *name,
    const char *ending, struct error *err)
{
	size_t len = strlen(dir);
	const char *slash = len > 0 && dir[len - 1] == '/' ? "" : "/";
	int n = snprintf(path, PATH_MAX, "%s%s%s%s", dir, slash, name, ending);

	if (n < 0 || n >= PATH_MAX)
		return error_set(err, ERROR_IO, "%.64s...: path too long", dir);
	return 0;
}

/*
 * A NAME.pem with a reference in it was made for a server, which would go on with the old
 * certificate if this run left it alone.
 */
static int
prepare_pem(struct cli *cli, struct target *target, bool force, struct error *err)
{
	bool asked = argument_given(&cli->args, "pem"), is_pair;

	if (artifact_is_pair(target->pem, &is_pair, err) != 0)
		return -1;
	target->with_pem = asked || is_pair;
	return target->with_pem ? artifact_check(cli, target->pem, force, err) : 0;
}

static int
prepare_target(struct cli *cli, struct target *target, struct error *err)
{
	const char *dir = argument_value(&cli->args, "out"), *name = cli->args.operand;
	bool force = argument_given(&cli->args, "force");
	uint64_t seconds;

	if (url_check_name(name, err) != 0 ||
	    argument_days(&cli->args, &seconds, err) != 0 ||
	    url_check_name(argument_value(&cli->args, "ca"), err) != 0 ||
	    make_path(target->crt, dir, name, ".crt", err) != 0 ||
	    make_path(target->key, dir, name, ".key", err) != 0 ||
	    make_path(target->pem, dir, name, ".pem", err) != 0)
		return -1;
	if (mkdir(dir, 0755) != 0 && errno != EEXIST)
		return error_set_errno(err, ERROR_IO, "cannot make %s", dir);
	if (access(dir, W_OK | X_OK) != 0)
		return error_set_errno(err, ERROR_IO, "%s", dir);
	if (artifact_check(cli, target->crt, false, err) != 0 ||
	    artifact_check(cli, target->key, force, err) != 0)
		return -1;
	return prepare_pem(cli, target, force, err);
}

static const char *
text_of(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text != NULL ? text : "?";
}

/* A key that is there serves if it may do TLS and is of the type asked for, if any. */
static int
check_key(struct cli *cli, const json_t *key, struct error *err)
{
	const char *name = cli->args.operand, *use = text_of(key, "use");
	const char *type = argument_value(&cli->args, "type"), *is = text_of(key, "type");
	const char *wanted = argument_value(&cli->args, "use");
	bool new_key = argument_given(&cli->args, "new-key");

	if (!names_does_tls(use)) {
		cli_advise(cli,
		    "A certificate for TLS needs a key of use tls: choose another NAME.");
		return error_set(
		    err, ERROR_CONFLICT, "key %s exists, and its use is %s", name, use);
	}
	if (wanted != NULL && strcmp(wanted, use) != 0) {
		cli_advise(cli, "A key keeps its use: choose another NAME, or leave out "
				"--use.");
		return error_set(err, ERROR_CONFLICT,
		    "key %s exists, and its use is %s, not %s", name, use, wanted);
	}
	if (type != NULL && strcmp(type, is) != 0 && !new_key) {
		cli_advise(cli, "Leave out --type to use it, choose another NAME, or "
				"replace it with --new-key.");
		return error_set(err, ERROR_CONFLICT,
		    "key %s exists, and it is %s, not %s", name, is, type);
	}
	return 0;
}

/* Certificate and reference are of one key only if both are asked for by its hash. */
static int
keep_hash(struct outcome *outcome, const json_t *key, struct error *err)
{
	char hash[ROTATE_HASH_SIZE];

	if (rotate_read_hash(key, hash, err) != 0)
		return -1;
	snprintf(outcome->key, sizeof(outcome->key), "spki:%s", hash);
	return 0;
}

static int
create_key(struct cli *cli, struct outcome *outcome, struct error *err)
{
	json_t *key = NULL;
	int rc;
	const char *wanted = argument_value(&cli->args, "use");
	const char *use = wanted != NULL ? wanted : "tls";
	json_t *body = json_pack("{s:s, s:s, s:s}", "name", cli->args.operand, "type",
	    names_key_type(&cli->args, use), "use", use);

	if (daemon_post_json(cli, "/v1/keys", body, &key, err) != 0)
		return -1;
	outcome->made = true;
	rc = keep_hash(outcome, key, err);
	json_decref(key);
	return rc;
}

static int
replace_key(
    struct cli *cli, const json_t *current, struct outcome *outcome, struct error *err)
{
	const char *type = argument_value(&cli->args, "type");
	char old[ROTATE_HASH_SIZE];
	json_t *key = NULL;
	int rc;

	if (rotate_send(cli, current, type, old, &key, err) != 0)
		return -1;
	memcpy(outcome->old, old, sizeof(old));
	outcome->made = true;
	rc = keep_hash(outcome, key, err);
	json_decref(key);
	return rc;
}

static int
ensure_key(struct cli *cli, struct outcome *outcome, struct error *err)
{
	char url[URL_MAX];
	json_t *key;
	int rc;

	if (url_key(url, cli->args.operand, "", err) != 0 ||
	    daemon_find_json(cli, url, &key, err) != 0)
		return -1;
	if (key == NULL)
		return create_key(cli, outcome, err);
	rc = check_key(cli, key, err);
	if (rc == 0)
		rc = argument_given(&cli->args, "new-key")
			 ? replace_key(cli, key, outcome, err)
			 : keep_hash(outcome, key, err);
	json_decref(key);
	return rc;
}

/* cli->rest.res lasts only until the next call. */
static int
keep_answer(const struct cli *cli, struct buffer *out, struct error *err)
{
	buf_append(out, cli->rest.res.body.data, cli->rest.res.body.len);
	return buf_failed(out) ? error_set(err, ERROR_INTERNAL, "out of memory") : 0;
}

static int
fetch_reference(
    struct cli *cli, const char *key, struct buffer *reference, struct error *err)
{
	char url[URL_MAX];

	if (url_key(url, key, "/reference", err) != 0 ||
	    daemon_get(cli, url, TYPE_PEM, err) != 0)
		return -1;
	return keep_answer(cli, reference, err);
}

static int
fetch_csr(struct cli *cli, const char *key, struct buffer *csr, struct error *err)
{
	char url[URL_MAX];

	if (url_key(url, key, "/csr", err) != 0 ||
	    daemon_send(cli, "POST", url, names_of_request(&cli->args), TYPE_PEM, err) !=
		0)
		return -1;
	return keep_answer(cli, csr, err);
}

static void
print_result(struct cli *cli, const struct target *target, const json_t *certificate,
    const struct outcome *outcome)
{
	const char *name = cli->args.operand;
	struct buffer until;

	buf_init(&until, 0);
	output_text(&until, text_of(certificate, "not_after"));
	fprintf(cli->out, "key %s: %s in the token\n\n", name,
	    outcome->made ? "made" : "was already");
	fprintf(cli->out, "%s  the certificate and its chain, valid until %s\n",
	    target->crt, buf_string(&until));
	fprintf(cli->out,
	    "%s  a reference to the key; it is not a private key, and is of use\n"
	    "%*s  only to a program that can reach keyholdd\n",
	    target->key, (int)strlen(target->key), "");
	if (target->with_pem)
		fprintf(cli->out, "%s  both in one file, for HAProxy\n", target->pem);
	fprintf(cli->out,
	    "\nUse them like any certificate and key, as in nginx:\n"
	    "  ssl_certificate     %s;\n"
	    "  ssl_certificate_key %s;\n"
	    "in a process started with OPENSSL_CONF=FILE, where FILE comes from:\n"
	    "  keyhold provider config > FILE\n",
	    target->crt, target->key);
	if (outcome->old[0] != '\0') {
		fprintf(cli->out, "\nReload what uses them: until then it serves the old "
				  "certificate.\n");
		rotate_print_old(cli, outcome->old);
	}
	buf_free(&until);
}

/* The new files, whole, each under a temporary name. */
struct changes {
	struct file_change crt, key, pem;
};

/*
 * The certificate first: servers read it before the key, so that one which reads while
 * the names change is likeliest to find a pair (docs/cli.md).
 */
static int
put_in_place(
    struct cli *cli, struct target *target, struct changes *changes, struct error *err)
{
	if (file_commit(&changes->crt, err) != 0)
		return -1;
	target->changed = true;
	if (file_commit(&changes->key, err) != 0) {
		cli_advise(cli,
		    "%s is new and may not match the reference any more. Before anything "
		    "reads them: keyhold key reference %s --out %s",
		    target->crt, cli->args.operand, target->key);
		return -1;
	}
	if (!target->with_pem || file_commit(&changes->pem, err) == 0)
		return 0;
	cli_advise(cli, "%s and %s are new, %s is as it was: cat the two into it.",
	    target->crt, target->key, target->pem);
	return -1;
}

static int
prepare_both(struct cli *cli, const struct target *target, struct changes *changes,
    struct bytes chain, struct bytes reference, struct error *err)
{
	bool force = argument_given(&cli->args, "force");
	struct buffer both;
	int rc;

	if (!target->with_pem)
		return 0;
	buf_init(&both, 0);
	buf_append(&both, chain.data, chain.len);
	buf_append(&both, reference.data, reference.len);
	if (buf_failed(&both))
		rc = error_set(err, ERROR_INTERNAL, "out of memory");
	else
		rc = artifact_prepare(cli, &changes->pem, target->pem, buf_bytes(&both),
		    MODE_REFERENCE, force, err);
	buf_free(&both);
	return rc;
}

static int
write_files(struct cli *cli, struct target *target, struct bytes chain,
    struct bytes reference, struct error *err)
{
	struct changes changes = { .crt = { .path = "" } };
	bool force = argument_given(&cli->args, "force");
	int rc = -1;

	if (artifact_prepare(cli, &changes.key, target->key, reference, MODE_REFERENCE,
		force, err) == 0 &&
	    artifact_prepare(
		cli, &changes.crt, target->crt, chain, MODE_PUBLIC, false, err) == 0 &&
	    prepare_both(cli, target, &changes, chain, reference, err) == 0)
		rc = put_in_place(cli, target, &changes, err);
	file_discard(&changes.crt);
	file_discard(&changes.key);
	file_discard(&changes.pem);
	return rc;
}

static void
advise_after_failure(struct cli *cli, const struct target *target,
    const struct outcome *outcome, const json_t *certificate)
{
	const char *name = cli->args.operand;

	if (certificate != NULL)
		signing_advise(cli, certificate);
	if (!outcome->made)
		return;
	if (outcome->old[0] == '\0') {
		cli_advise(cli,
		    "The key %s was made, and will be used when you try again.", name);
		return;
	}
	if (!target->changed)
		cli_advise(cli,
		    "The files are as they were, and the old key goes on serving them.");
	cli_advise(cli,
	    "The key %s has its successor: try again without --new-key, which would "
	    "make another.",
	    name);
}

int
issue_certificate(struct cli *cli, struct error *err)
{
	struct target target = { .changed = false };
	struct outcome outcome = { .made = false };
	struct buffer csr, reference;
	json_t *certificate = NULL;
	struct bytes chain;
	int rc = -1;

	buf_init(&csr, 0);
	buf_init(&reference, 0);
	if (prepare_target(cli, &target, err) != 0 ||
	    ensure_key(cli, &outcome, err) != 0 ||
	    fetch_reference(cli, outcome.key, &reference, err) != 0 ||
	    fetch_csr(cli, outcome.key, &csr, err) != 0 ||
	    signing_request(cli, buf_string(&csr), &certificate, err) != 0 ||
	    signing_chain(certificate, &chain, err) != 0 ||
	    write_files(cli, &target, chain, buf_bytes(&reference), err) != 0)
		goto out;
	if (cli->json)
		output_json(cli, certificate);
	else
		print_result(cli, &target, certificate, &outcome);
	rc = 0;
out:
	if (rc != 0)
		advise_after_failure(cli, &target, &outcome, certificate);
	json_decref(certificate);
	buf_free(&csr);
	buf_free(&reference);
	return rc;
}
