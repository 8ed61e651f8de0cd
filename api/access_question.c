/* access_question.c - a right, with what it is about. */
#include "api/access_question.h"

#include <string.h>

#include "api/issuing.h"

/* Of what a right is about: what must be said, and what may be. */
enum topic {
	TOPIC_KEY = 1 << 0,
	TOPIC_ISSUER = 1 << 1,
	TOPIC_PROFILE = 1 << 2,
	TOPIC_NAMES = 1 << 3,
};

static const struct {
	const char *may;
	unsigned needed, required, allowed;
} rights[] = {
	{ "use", ACCESS_USE, TOPIC_KEY, TOPIC_KEY },
	{ "issue", ACCESS_ISSUE, TOPIC_ISSUER | TOPIC_PROFILE,
	    TOPIC_ISSUER | TOPIC_PROFILE | TOPIC_NAMES },
	{ "revoke", ACCESS_REVOKE, TOPIC_ISSUER, TOPIC_ISSUER },
	{ "manage", ACCESS_MANAGE, 0, TOPIC_KEY },
	{ "read", ACCESS_READ, 0, 0 },
	{ "admin", ACCESS_ADMIN, 0, 0 },
};
#define RIGHTS (sizeof(rights) / sizeof(rights[0]))

static const char *const topics[] = { "key", "issuer", "profile", "name" };

static unsigned
said(const struct access_words *words)
{
	return (words->key != NULL ? TOPIC_KEY : 0U) |
	       (words->issuer != NULL ? TOPIC_ISSUER : 0U) |
	       (words->profile != NULL ? TOPIC_PROFILE : 0U) |
	       (sk_GENERAL_NAME_num(words->names) > 0 ? TOPIC_NAMES : 0U);
}

static const char *
first_of(unsigned set)
{
	size_t i = 0;

	while ((set & 1U << i) == 0)
		i++;
	return topics[i];
}

static int
find_right(const struct access_words *words, size_t *right, struct error *err)
{
	unsigned given = said(words), missing, idle;
	size_t i = 0;

	while (i < RIGHTS && strcmp(rights[i].may, words->may) != 0)
		i++;
	if (i == RIGHTS)
		return error_set(err, ERROR_BAD_REQUEST, "may is one of " ACCESS_RIGHTS);
	missing = rights[i].required & ~given;
	idle = given & ~rights[i].allowed;
	if (missing != 0)
		return error_set(err, ERROR_BAD_REQUEST,
		    "the right %s is about one %s: which?", words->may,
		    first_of(missing));
	if (idle != 0)
		return error_set(err, ERROR_BAD_REQUEST, "the right %s is about no %s",
		    words->may, first_of(idle));
	*right = i;
	return 0;
}

int
access_question_read(
    const struct access_words *words, struct access_question *question, struct error *err)
{
	size_t right = 0;

	if (find_right(words, &right, err) != 0)
		return -1;
	*question = (struct access_question){
		.needed = rights[right].needed,
		.key = words->key,
		.issuer = words->issuer,
		.profile = words->profile,
		.names = words->names,
	};
	if (question->needed == ACCESS_ISSUE)
		question->needed = issuing_right(words->profile);
	if (question->needed == ACCESS_MANAGE && words->key != NULL)
		question->needed = ACCESS_MANAGE_KEY;
	return 0;
}
