/* access_question.h - what is asked for, from words: may=use&key=web. */
#ifndef API_ACCESS_QUESTION_H
#define API_ACCESS_QUESTION_H

#include "api/access.h"

/* NULL: not said. */
struct access_words {
	const char *may, *key, *issuer, *profile;
	GENERAL_NAMES *names;
};

/*
 * What the rules are asked. ERROR_BAD_REQUEST where words lack what the right is about,
 * or say what it is not about.
 */
int access_question_read(const struct access_words *words,
    struct access_question *question, struct error *err);

#endif
