/* watchfile.c - certificates in files and directories, each a row. */
#include "cli/watch.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "probe/certificate.h"

#define FILE_MAX_BYTES (4 * 1024 * 1024)
#define DEPTH_MAX      4

static void
add_certificate(struct watch *watch, const char *path, X509 *cert)
{
	char label[CERTIFICATE_LABEL_SIZE], serial[CERTIFICATE_SERIAL_SIZE];
	json_t *row;

	certificate_label(cert, label);
	certificate_serial(cert, serial);
	row = watch_row(watch, "file", label, path,
	    &(struct watch_times){ certificate_time(X509_get0_notBefore(cert)),
		certificate_time(X509_get0_notAfter(cert)), serial });
	watch_revoked(watch, row, cert);
	watch_add(watch, row, NULL);
}

static bool
is_repeated(const STACK_OF(X509) * list, int index)
{
	for (int i = 0; i < index; i++)
		if (X509_cmp(sk_X509_value(list, i), sk_X509_value(list, index)) == 0)
			return true;
	return false;
}

static int
read_list(const char *path, STACK_OF(X509) * list, struct error *err)
{
	struct buffer data;
	int rc;

	buf_init(&data, 0);
	rc = file_read(path, FILE_MAX_BYTES, &data, err);
	if (rc == 0)
		rc = certificate_read_all(buf_bytes(&data), list, err);
	buf_free(&data);
	return rc;
}

/* Whether it had a certificate; if not, why. */
static int
add_file(struct watch *watch, const char *path, struct error *err)
{
	STACK_OF(X509) *list = sk_X509_new_null();
	int rc = read_list(path, list, err);

	for (int i = 0; i < sk_X509_num(list); i++)
		if (!is_repeated(list, i))
			add_certificate(watch, path, sk_X509_value(list, i));
	sk_X509_pop_free(list, X509_free);
	return rc;
}

static void
add_failure(struct watch *watch, const char *path, const char *why)
{
	const char *slash = strrchr(path, '/');

	watch_unseen(watch, "file", slash != NULL ? slash + 1 : path, path, why);
}

void
watch_file(struct watch *watch, const char *path)
{
	struct error why = { .code = ERROR_NONE };

	if (add_file(watch, path, &why) != 0)
		add_failure(watch, path, why.text);
}

static bool
ends_in(const char *name, const char *const endings[])
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot != NULL && endings[i] != NULL; i++)
		if (strcasecmp(dot, endings[i]) == 0)
			return true;
	return false;
}

/* May have a key or something else, which is nothing to report. */
static bool
may_have_certificate(const char *name)
{
	static const char *const endings[] = { ".pem", ".der", NULL };

	return ends_in(name, endings);
}

static bool
must_have_certificate(const char *name)
{
	static const char *const endings[] = { ".crt", ".cer", ".p7b", ".p7c", NULL };

	return ends_in(name, endings);
}

/* What is hidden is another program's: it may keep what it replaced there. */
static int
is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void walk(struct watch *watch, const char *path, int depth);

static void
visit_file(struct watch *watch, const char *path, bool must)
{
	struct error why = { .code = ERROR_NONE };

	if (add_file(watch, path, &why) != 0 && (must || why.code != ERROR_BAD_REQUEST))
		add_failure(watch, path, why.text);
}

static void
visit(struct watch *watch, const char *path, const char *name, int depth)
{
	bool must = must_have_certificate(name), leads_somewhere;
	char full[PATH_MAX];
	struct stat st;

	if (snprintf(full, sizeof(full), "%s/%s", path, name) >= (int)sizeof(full)) {
		add_failure(watch, full, "its path is too long");
		return;
	}
	leads_somewhere = stat(full, &st) == 0;
	if (leads_somewhere && S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
		walk(watch, full, depth + 1);
	if ((must || may_have_certificate(name)) &&
	    (leads_somewhere ? S_ISREG(st.st_mode) : lstat(full, &st) == 0))
		visit_file(watch, full, must);
}

static void
walk(struct watch *watch, const char *path, int depth)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_shown, alphasort);

	if (count < 0) {
		add_failure(watch, path, "cannot be read");
		return;
	}
	for (int i = 0; i < count; i++) {
		visit(watch, path, entries[i]->d_name, depth);
		free(entries[i]);
	}
	free(entries);
}

void
watch_directory(struct watch *watch, const char *path)
{
	char trimmed[PATH_MAX];
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	if (snprintf(trimmed, sizeof(trimmed), "%.*s", (int)len, path) >=
	    (int)sizeof(trimmed))
		add_failure(watch, path, "its path is too long");
	else
		walk(watch, trimmed, 0);
}
