/* source.c - what every setting is checked by, with the place in each refusal. */
#include "service/source.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "service/syntax.h"

int
source_refuse(const struct source *source, const char *setting, const char *reason,
    struct error *err)
{
	return error_set(err, ERROR_CONFIG, "%s:%zu: %s: %s", source->path,
	    syntax_line(source->text, setting), setting, reason);
}

int
source_check_text(const struct source *source, const char *setting, const char *value,
    size_t max_bytes, struct error *err)
{
	if (value == NULL)
		return 0;
	if (value[0] == '\0')
		return source_refuse(source, setting, "is empty", err);
	if (strlen(value) > max_bytes)
		return source_refuse(source, setting, "is too long", err);
	return 0;
}

int
source_check_path(const struct source *source, const char *setting, const char *value,
    struct error *err)
{
	if (value != NULL && value[0] != '/')
		return source_refuse(source, setting, "must be an absolute path", err);
	return 0;
}

int
source_check_writers(const char *path, struct error *err)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return error_set_errno(err, ERROR_CONFIG, "%s", path);
	if ((st.st_mode & 022) != 0)
		return error_set(err, ERROR_CONFIG,
		    "%s: mode %03o lets others write it; run: chmod go-w %s", path,
		    (unsigned)(st.st_mode & 0777), path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return error_set(err, ERROR_CONFIG,
		    "%s: belongs to user %u, neither to root nor to this one", path,
		    (unsigned)st.st_uid);
	return 0;
}

int
source_read_numbers(const struct source *source, const struct number *numbers,
    size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct number *n = &numbers[i];
		const char *text = n->value != NULL ? n->value : n->otherwise;
		struct error reason;
		uint64_t value;

		if (text_to_uint(text, n->min, n->max, &value, &reason) != 0)
			return source_refuse(source, n->setting, reason.text, err);
		*n->result = (unsigned)value;
	}
	return 0;
}
