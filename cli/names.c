/* names.c - names for a certificate request. */
#include "cli/names.h"

#include <string.h>

bool
names_does_tls(const char *use)
{
	return strcmp(use, "tls") == 0 || strcmp(use, "tls-rsa-kex") == 0;
}

const char *
names_key_type(const struct arguments *args, const char *use)
{
	if (argument_given(args, "type"))
		return argument_value(args, "type");
	return strcmp(use, "tls-rsa-kex") == 0 ? "rsa-2048" : "ec-p256";
}

json_t *
names_of_request(const struct arguments *args)
{
	const char *subject = argument_value(args, "subject"), *san;
	json_t *sans = json_array();
	size_t cursor = 0;

	while ((san = argument_next(args, "san", &cursor)) != NULL)
		json_array_append_new(sans, json_string(san));
	return json_pack("{s:s*, s:o}", "subject", subject, "sans", sans);
}
