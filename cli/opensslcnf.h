/*
 * opensslcnf.h - an openssl.cnf, of openssl ca and openssl x509, as a profile.
 *
 * What it says is either in the profile, or in a note that says why it is not.
 */
#ifndef CLI_OPENSSLCNF_H
#define CLI_OPENSSLCNF_H

#include <stdbool.h>

#include <jansson.h>
#include <openssl/conf.h>
#include <openssl/types.h>

#include "base/buffer.h"
#include "base/error.h"

struct import {
	CONF *conf;
	const char *section; /* of the extensions */
	const char *policy;  /* section of the subject's rules; NULL: none */
	X509 *ca;            /* whose values "match" takes; NULL: none given */
	json_t *profile;     /* an object with the members of docs/profiles.md */
	struct buffer notes; /* a line each */
};

/* Fills profile and notes; ERROR_CONFIG for a section that is not there or is a CA's. */
int opensslcnf_convert(struct import *import, struct error *err);

/* Inside: one file each. */
int opensslcnf_extensions(struct import *import, struct error *err);
int opensslcnf_policy(struct import *import, struct error *err);
void opensslcnf_note(
    struct import *import, const char *section, const CONF_VALUE *line, const char *why);

/* Appends text to the list that is a member of the profile, once. */
void opensslcnf_add(struct import *import, const char *member, const char *text);

#endif
