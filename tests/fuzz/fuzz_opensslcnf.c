/* fuzz_opensslcnf.c - any bytes as the openssl.cnf of keyhold profile import, with the
 * sections ext and policy. */
#include "tests/fuzz/target.h"

#include <string.h>

#include <openssl/err.h>

#include "api/json.h"
#include "cli/opensslcnf.h"
#include "cli/yamldoc.h"

/* What is printed is a profile's YAML, and says the same. */
static void
must_be_read_back(const json_t *profile)
{
	struct yamldoc doc = { 0 };
	struct error err = { 0 };
	struct buffer yaml;

	buf_init(&yaml, 0);
	yamldoc_write(profile, &yaml);
	must(yamldoc_read(buf_bytes(&yaml), "import", &doc, &err) == 0);
	must(json_equal(doc.members, profile));
	yamldoc_clear(&doc);
	buf_free(&yaml);
}

static void
import(CONF *conf)
{
	struct import import = { .conf = conf, .section = "ext" };
	struct error err = { 0 };

	buf_init(&import.notes, 0);
	if (NCONF_get_section(conf, "policy") != NULL)
		import.policy = "policy";
	if (opensslcnf_convert(&import, &err) == 0)
		must_be_read_back(import.profile);
	else
		must(err.code != ERROR_NONE && err.code != ERROR_INTERNAL);
	json_decref(import.profile);
	buf_free(&import.notes);
	ERR_clear_error();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BIO *in = BIO_new_mem_buf(data, (int)size);
	CONF *conf = NCONF_new(NULL);

	/* .include would read files of this machine. */
	if (memmem(data, size, ".include", 8) == NULL &&
	    NCONF_load_bio(conf, in, NULL) == 1)
		import(conf);
	ERR_clear_error();
	NCONF_free(conf);
	BIO_free(in);
	return 0;
}
