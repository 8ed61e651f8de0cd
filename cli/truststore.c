/* truststore.c - where distributions keep roots, and what makes them count. */
#include "cli/truststore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/openat2.h>

#include <openssl/evp.h>

#include "base/file.h"
#include "base/pem.h"
#include "base/program.h"
#include "base/text.h"
#include "probe/certificate.h"

#define HASH_CHARS        16
#define ENDING            ".crt"
#define ROOT_MAX_BYTES    65536
#define UPDATE_TIMEOUT_MS 120000

struct trust_system {
	const char *name, *directory;
	const char *const *update;  /* after something was added */
	const char *const *refresh; /* after something was removed */
};

static const char *const extract[] = { "update-ca-trust", "extract", NULL };
static const char *const update[] = { "update-ca-certificates", NULL };
static const char *const fresh[] = { "update-ca-certificates", "--fresh", NULL };

/* The first whose directory is there. Debian's leaves links to what is gone unless it is
 * told to begin anew. */
static const struct trust_system systems[] = {
	{ "RedHat", "/etc/pki/ca-trust/source/anchors", extract, extract },
	{ "SUSE", "/etc/pki/trust/anchors", update, update },
	{ "Debian or Alpine", "/usr/local/share/ca-certificates", update, fresh },
};
#define SYSTEMS (sizeof(systems) / sizeof(systems[0]))

static bool
take_ours(struct truststore *store)
{
	struct stat st;

	snprintf(store->directory, PATH_MAX, "%s", store->system->directory);
	snprintf(store->place, PATH_MAX, "%s", store->system->directory);
	return stat(store->place, &st) == 0 && S_ISDIR(st.st_mode);
}

/* By a descriptor, for whoever may write to an image might change what its paths mean. */
static int
take_below(
    struct truststore *store, const char *root, int top, bool *found, struct error *err)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };

	if (snprintf(store->directory, PATH_MAX, "%s%s", root,
		store->system->directory) >= PATH_MAX)
		return error_set(err, ERROR_CONFIG, "--root: too long");
	store->fd =
	    (int)syscall(SYS_openat2, top, store->system->directory, &how, sizeof(how));
	if (store->fd < 0 && errno != ENOENT && errno != ENOTDIR)
		return error_set_errno(err, ERROR_IO, "%s", store->directory);
	snprintf(store->place, PATH_MAX, "/proc/self/fd/%d", store->fd);
	*found = store->fd >= 0;
	return 0;
}

static int
find(struct truststore *store, const char *root, int top, struct error *err)
{
	bool found = false;

	for (size_t i = 0; i < SYSTEMS; i++) {
		store->system = &systems[i];
		if (root == NULL)
			found = take_ours(store);
		else if (take_below(store, root, top, &found, err) != 0)
			return -1;
		if (found)
			return 0;
	}
	return error_set(err, ERROR_IO,
	    "%s has no store of roots that is known: install the package "
	    "ca-certificates",
	    root != NULL ? root : "this system");
}

int
truststore_open(
    struct truststore *store, const char *root, const char *label, struct error *err)
{
	int top = -1, rc;

	*store =
	    (struct truststore){ .fd = -1, .label = label, .is_elsewhere = root != NULL };
	if (!name_is_valid(label))
		return error_set(err, ERROR_CONFIG,
		    "--label: \"%.64s\" is no name: letters in lower case, digits, . _ -",
		    label);
	if (root != NULL && *root == '\0')
		return error_set(err, ERROR_CONFIG, "--root: \"\" is no directory");
	if (root != NULL && (top = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
		return error_set_errno(err, ERROR_IO, "%s", root);
	rc = find(store, root, top, err);
	if (top >= 0)
		close(top);
	return rc;
}

void
truststore_close(struct truststore *store)
{
	if (store->fd >= 0)
		close(store->fd);
	store->fd = -1;
}

const char *
truststore_system(const struct truststore *store)
{
	return store->system->name;
}

const char *
truststore_command(const struct truststore *store)
{
	return store->system->update[0];
}

static int
hash_of(X509 *root, char hash[static HASH_CHARS + 1], struct error *err)
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (X509_digest(root, EVP_sha256(), digest, NULL) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "hash of a root");
	hex_encode(hash, digest, HASH_CHARS / 2);
	return 0;
}

int
truststore_name(const struct truststore *store, X509 *root,
    char name[static TRUSTSTORE_NAME_SIZE], struct error *err)
{
	char hash[HASH_CHARS + 1];

	if (hash_of(root, hash, err) != 0)
		return -1;
	snprintf(name, TRUSTSTORE_NAME_SIZE, "%s-%s" ENDING, store->label, hash);
	return 0;
}

/* Label, hyphen, hash, ending, and no more. */
static bool
looks_like_ours(const struct truststore *store, const char *name)
{
	size_t label = strlen(store->label);
	unsigned char digest[HASH_CHARS / 2];
	char hash[HASH_CHARS + 1];

	if (strlen(name) != label + 1 + HASH_CHARS + strlen(ENDING) ||
	    strncmp(name, store->label, label) != 0 || name[label] != '-' ||
	    strcmp(name + label + 1 + HASH_CHARS, ENDING) != 0)
		return false;
	memcpy(hash, name + label + 1, HASH_CHARS);
	hash[HASH_CHARS] = '\0';
	return hex_decode(digest, sizeof(digest), hash) == 0;
}

static int
path_of(const struct truststore *store, const char *name, char path[static PATH_MAX],
    struct error *err)
{
	if (snprintf(path, PATH_MAX, "%s/%s", store->place, name) >= PATH_MAX)
		return error_set(err, ERROR_CONFIG, "--root: too long");
	return 0;
}

/* What is in the file if it is as its name says, else NULL. */
static X509 *
read_root(const struct truststore *store, const char *name)
{
	STACK_OF(X509) *list = sk_X509_new_null();
	char path[PATH_MAX], right[TRUSTSTORE_NAME_SIZE];
	X509 *root = NULL;
	struct buffer data;
	struct stat st;

	buf_init(&data, 0);
	/* A link would be somebody else's, and may lead anywhere. */
	if (path_of(store, name, path, NULL) == 0 && lstat(path, &st) == 0 &&
	    S_ISREG(st.st_mode) && file_read(path, ROOT_MAX_BYTES, &data, NULL) == 0 &&
	    certificate_read_all(buf_bytes(&data), list, NULL) == 0 &&
	    sk_X509_num(list) == 1 &&
	    truststore_name(store, sk_X509_value(list, 0), right, NULL) == 0 &&
	    strcmp(right, name) == 0)
		root = sk_X509_pop(list);
	buf_free(&data);
	sk_X509_pop_free(list, X509_free);
	return root;
}

int
truststore_each(const struct truststore *store,
    int (*visit)(void *ctx, const char *name, X509 *cert, struct error *err), void *ctx,
    struct error *err)
{
	struct dirent **entries;
	int count = scandir(store->place, &entries, NULL, alphasort), rc = 0;

	if (count < 0)
		return error_set_errno(err, ERROR_IO, "%s", store->directory);
	for (int i = 0; i < count; i++) {
		if (rc == 0 && looks_like_ours(store, entries[i]->d_name)) {
			X509 *cert = read_root(store, entries[i]->d_name);

			rc = visit(ctx, entries[i]->d_name, cert, err);
			X509_free(cert);
		}
		free(entries[i]);
	}
	free(entries);
	return rc;
}

bool
truststore_has(const struct truststore *store, const char *name)
{
	X509 *cert = read_root(store, name);

	X509_free(cert);
	return cert != NULL;
}

bool
truststore_is_taken(const struct truststore *store, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	return path_of(store, name, path, NULL) != 0 || lstat(path, &st) == 0 ||
	       errno != ENOENT;
}

/* With the path that people know. */
static void
tell(const struct truststore *store, const struct error *why, struct error *err)
{
	size_t len = strlen(store->place);

	if (strncmp(why->text, store->place, len) == 0)
		error_set(err, why->code, "%s%s", store->directory, why->text + len);
	else
		error_set(err, why->code, "%s", why->text);
}

int
truststore_put(
    const struct truststore *store, const char *name, X509 *root, struct error *err)
{
	unsigned char *der = NULL;
	char path[PATH_MAX];
	struct error why = { .code = ERROR_NONE };
	struct buffer pem;
	int len = i2d_X509(root, &der), rc;

	if (len <= 0)
		return error_set_openssl(err, ERROR_INTERNAL, "a root in DER");
	buf_init(&pem, 0);
	pem_append(&pem, "CERTIFICATE", (struct bytes){ der, (size_t)len });
	rc = path_of(store, name, path, err);
	if (rc == 0 && (rc = file_write(path, pem.data, pem.len, 0644, &why)) != 0)
		tell(store, &why, err);
	buf_free(&pem);
	OPENSSL_free(der);
	return rc;
}

int
truststore_remove(const struct truststore *store, const char *name, struct error *err)
{
	char path[PATH_MAX];

	if (path_of(store, name, path, err) != 0)
		return -1;
	return unlink(path) == 0 || errno == ENOENT
		   ? 0
		   : error_set_errno(err, ERROR_IO, "%s/%s", store->directory, name);
}

int
truststore_update(const struct truststore *store, bool removed, struct buffer *output,
    struct error *err)
{
	const struct program program = {
		.argv = removed ? store->system->refresh : store->system->update,
		.timeout_ms = UPDATE_TIMEOUT_MS,
	};

	return store->is_elsewhere ? 0 : program_run(&program, output, err);
}
