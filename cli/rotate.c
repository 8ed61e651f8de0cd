/* rotate.c - keyhold key rotate. */
#include "cli/rotate.h"

#include "base/text.h"
#include "cli/daemon.h"
#include "cli/key.h"
#include "cli/names.h"
#include "cli/output.h"
#include "rest/url.h"

int
rotate_read_hash(const json_t *key, char hash[static ROTATE_HASH_SIZE], struct error *err)
{
	const char *text = json_string_value(json_object_get(key, "spki_sha256"));

	if (text == NULL || text_copy(hash, ROTATE_HASH_SIZE, text) != 0)
		return error_set(
		    err, ERROR_INTERNAL, "keyholdd sent a key without its hash");
	return 0;
}

int
rotate_send(struct cli *cli, const json_t *current, const char *type,
    char old[static ROTATE_HASH_SIZE], json_t **key, struct error *err)
{
	char url[URL_MAX];

	if (rotate_read_hash(current, old, err) != 0 ||
	    url_key(url, cli->args.operand, "/rotate", err) != 0)
		return -1;
	return daemon_post_json(cli, url,
	    json_pack("{s:s*, s:s}", "type", type, "spki_sha256", old), key, err);
}

void
rotate_print_old(struct cli *cli, const char *old)
{
	struct buffer text;

	buf_init(&text, 0);
	output_text(&text, old);
	fprintf(cli->out,
	    "\nThe old key goes on signing for programs that have loaded its reference. "
	    "Once none\nof them is left (nginx: the old workers are gone):\n"
	    "  keyhold key delete spki:%s\n",
	    buf_string(&text));
	buf_free(&text);
}

static void
print_rotated(struct cli *cli, const json_t *key, const char *old)
{
	const char *name = cli->args.operand;
	const char *use = json_string_value(json_object_get(key, "use"));

	output_fields(cli, key, key_fields);
	if (use != NULL && names_does_tls(use))
		fprintf(cli->out,
		    "\nNext: keyhold cert issue %s --ca ISSUER --san HOST --out DIR\n"
		    "  or: keyhold key csr %s and keyhold key reference %s, for a CA "
		    "elsewhere\n",
		    name, name, name);
	rotate_print_old(cli, old);
}

int
rotate_key(struct cli *cli, struct error *err)
{
	char url[URL_MAX], old[ROTATE_HASH_SIZE];
	json_t *current = NULL, *key = NULL;
	int rc = -1;

	if (url_check_name(cli->args.operand, err) != 0 ||
	    url_key(url, cli->args.operand, "", err) != 0 ||
	    daemon_get_json(cli, url, &current, err) != 0 ||
	    rotate_send(
		cli, current, argument_value(&cli->args, "type"), old, &key, err) != 0)
		goto out;
	if (cli->json)
		output_json(cli, key);
	else
		print_rotated(cli, key, old);
	rc = 0;
out:
	json_decref(current);
	json_decref(key);
	return rc;
}
