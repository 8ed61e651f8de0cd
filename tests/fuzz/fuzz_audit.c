/* fuzz_audit.c - any bytes as an audit record that was exported, to keyhold audit verify.
 */
#include "tests/fuzz/target.h"

#include <stdio.h>

#include "cli/auditjson.h"
#include "cli/auditsource.h"

static void
count(void *ctx, const char *what)
{
	size_t *said = ctx;

	must(what != NULL);
	++*said;
}

static int
take_entry(void *ctx, json_t *entry, struct error *err)
{
	struct audit_row row;

	(void)err;
	if (auditjson_entry(entry, &row))
		auditcheck_entry(ctx, &row);
	return 0;
}

static int
take_head(void *ctx, json_t *object, struct error *err)
{
	struct auditcheck_head head;

	if (auditjson_head(object, &head))
		auditcheck_signed(ctx, &head);
	if (auditjson_note(object, &head))
		return auditcheck_expect(ctx, &head, err);
	return 0;
}

static int
take_other(void *ctx, size_t line, struct error *err)
{
	(void)err;
	auditcheck_complain(ctx, "line %zu", line);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t said = 0;
	struct auditcheck check = { .complain = count, .ctx = &said };
	const struct auditsink sink = { take_entry, take_head, take_other, &check };
	struct error err = { 0 };
	struct cli cli = { 0 };

	if (size == 0 || (cli.in = fmemopen((void *)(uintptr_t)data, size, "r")) == NULL)
		return 0;
	if (auditsource_file(&cli, "-", &sink, &err) == 0)
		auditcheck_finish(&check);
	must(said == check.problems);
	fclose(cli.in);
	auditcheck_clear(&check);
	return 0;
}
