/*
 * words.c - blanks and quotes, and nothing else that a shell knows.
 *
 * What only a shell understands is refused rather than taken as it stands: who writes it
 * means it.
 */
#include "cli/words.h"

#include <stdbool.h>
#include <string.h>

#include "base/buffer.h"

struct splitting {
	const char *at;
	struct buffer word;
	bool in_word; /* also of '' */
	json_t *words;
};

static int
refuse(char c, struct error *err)
{
	return error_set(err, ERROR_CONFIG,
	    "\"%c\" means something to a shell only: quote it, or use the option for a "
	    "shell's line",
	    c);
}

static int
take_single(struct splitting *s, struct error *err)
{
	const char *end = strchr(s->at, '\'');

	if (end == NULL)
		return error_set(err, ERROR_CONFIG, "a ' without its end");
	buf_append(&s->word, s->at, (size_t)(end - s->at));
	s->at = end + 1;
	return 0;
}

static int
take_double(struct splitting *s, struct error *err)
{
	for (; *s->at != '"'; s->at++) {
		if (*s->at == '\0')
			return error_set(err, ERROR_CONFIG, "a \" without its end");
		if (*s->at == '$' || *s->at == '`')
			return refuse(*s->at, err);
		if (*s->at == '\\' && s->at[1] != '\0' &&
		    strchr("\\\"$`", s->at[1]) != NULL)
			s->at++;
		buf_append(&s->word, s->at, 1);
	}
	s->at++;
	return 0;
}

static int
take_backslash(struct splitting *s, struct error *err)
{
	if (*s->at == '\0')
		return error_set(err, ERROR_CONFIG, "a \\ with nothing after it");
	buf_append(&s->word, s->at++, 1);
	return 0;
}

static int
end_word(struct splitting *s, struct error *err)
{
	if (!s->in_word)
		return 0;
	s->in_word = false;
	if (buf_failed(&s->word) ||
	    json_array_append_new(s->words, json_string(buf_string(&s->word))) != 0)
		return error_set(err, ERROR_CONFIG, "a word that is not UTF-8");
	buf_reset(&s->word);
	return 0;
}

static int
take(struct splitting *s, struct error *err)
{
	const char c = *s->at++;

	if (c == ' ' || c == '\t')
		return end_word(s, err);
	if (strchr("|&;<>()$`*?[#~\n", c) != NULL)
		return refuse(c, err);
	s->in_word = true;
	if (c == '\'')
		return take_single(s, err);
	if (c == '"')
		return take_double(s, err);
	if (c == '\\')
		return take_backslash(s, err);
	buf_append(&s->word, &c, 1);
	return 0;
}

int
words_split(const char *line, json_t **words, struct error *err)
{
	struct splitting s = { .at = line, .words = json_array() };
	int rc = 0;

	buf_init(&s.word, 0);
	while (rc == 0 && *s.at != '\0')
		rc = take(&s, err);
	if (rc == 0)
		rc = end_word(&s, err);
	if (rc == 0 && json_array_size(s.words) == 0)
		rc = error_set(err, ERROR_CONFIG, "no program is named");
	buf_free(&s.word);
	if (rc == 0)
		*words = s.words;
	else
		json_decref(s.words);
	return rc;
}
