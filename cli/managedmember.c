/* managedmember.c - the value of an option, checked only for what it is to be. */
#include "cli/managedmember.h"

#include "cli/words.h"

void
member_text(json_t *object, const char *member, const char *text)
{
	if (*text == '\0')
		json_object_del(object, member);
	else
		json_object_set_new(object, member, json_string(text));
}

void
member_texts(
    const struct arguments *args, const struct member_option *options, json_t *object)
{
	for (; options->option != NULL; options++) {
		const char *value = argument_value(args, options->option);

		if (value != NULL)
			member_text(object, options->member, value);
	}
}

int
member_seconds(const struct arguments *args, const char *option, json_t *object,
    const char *member, struct error *err)
{
	const char *text = argument_value(args, option);
	int64_t seconds;

	if (text == NULL)
		return 0;
	if (argument_duration(text, &seconds) != 0)
		return error_set(
		    err, ERROR_CONFIG, "--%s %s: say 30d, 12h, 5m or 30s", option, text);
	json_object_set_new(object, member, json_integer(seconds));
	return 0;
}

int
member_words(const struct arguments *args, const char *option, json_t *object,
    const char *member, struct error *err)
{
	const char *line = argument_value(args, option);
	json_t *words;
	struct error why;

	if (line == NULL)
		return 0;
	if (words_split(line, &words, &why) != 0)
		return error_set(err, why.code, "--%s: %s", option, why.text);
	json_object_set_new(object, member, words);
	return 0;
}
