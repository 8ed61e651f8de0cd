/* fuzz_profile.c - any bytes as the YAML of a profile, all the way to the profile. */
#include "tests/fuzz/target.h"

#include <string.h>

#include "api/json.h"
#include "api/profile_json.h"
#include "ca/profile.h"
#include "cli/yamldoc.h"

/* As the daemon keeps it. */
static void
write_profile(const struct profile *profile, struct buffer *document)
{
	buf_init(document, 0);
	must(json_write(profile_json_describe(profile), document, NULL) == 0);
}

/* What the daemon shows is YAML again, and the same profile. */
static void
must_read_the_same(const struct profile *profile)
{
	struct buffer first, yaml, second;
	struct yamldoc doc = { 0 };
	struct profile *again = NULL;
	struct error err;
	json_t *shown;
	char *json;

	write_profile(profile, &first);
	must((shown = json_loads(buf_string(&first), 0, NULL)) != NULL);
	buf_init(&yaml, 0);
	yamldoc_write(shown, &yaml);
	must(yamldoc_read(buf_bytes(&yaml), "shown", &doc, &err) == 0);
	must(json_equal(doc.members, shown));
	json = json_dumps(doc.members, JSON_COMPACT);
	must(profile_json_read((struct bytes){ (unsigned char *)json, strlen(json) },
		 "own", &again, &err) == 0);
	write_profile(again, &second);
	must(strcmp(buf_string(&first), buf_string(&second)) == 0);
	profile_unref(again);
	free(json);
	json_decref(shown);
	yamldoc_clear(&doc);
	buf_free(&first);
	buf_free(&yaml);
	buf_free(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct profile *profile = NULL;
	struct yamldoc doc = { 0 };
	struct error err = { 0 };
	char *json;

	if (yamldoc_read((struct bytes){ data, size }, "fuzz", &doc, &err) != 0) {
		must(err.code == ERROR_CONFIG || err.code == ERROR_INTERNAL);
	} else {
		must((json = json_dumps(doc.members, JSON_COMPACT)) != NULL);
		if (profile_json_read(
			(struct bytes){ (unsigned char *)json, strlen(json) }, "own",
			&profile, &err) == 0)
			must_read_the_same(profile);
		else
			must(err.code == ERROR_BAD_REQUEST && profile == NULL);
		profile_unref(profile);
		free(json);
	}
	yamldoc_clear(&doc);
	return 0;
}
