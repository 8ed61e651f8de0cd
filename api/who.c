/* who.c - users and groups by id, certificates and tokens by name. */
#include "api/who.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <grp.h>
#include <pwd.h>

#include "api/request.h"
#include "base/text.h"
#include "ca/dnspattern.h"

#define ID_MAX     4294967294U /* the next one is (uid_t)-1, which is no id */
#define LOOKUP_MAX 1048576     /* bytes of one entry, with all members of a group */
#define DNS        "dns:"

static int
read_number(const char *kind, const char *text, unsigned *id, struct error *err)
{
	uint64_t number;

	if (text_to_uint(text, 0, ID_MAX, &number, NULL) != 0)
		return error_set(err, ERROR_CONFIG, WHO_UNKNOWN, kind, text);
	*id = (unsigned)number;
	return 0;
}

static int
read_user(const char *name, struct access_who *who, struct error *err)
{
	struct passwd entry, *found = NULL;
	char *room = malloc(LOOKUP_MAX);

	who->kind = WHO_USER;
	if (room == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	getpwnam_r(name, &entry, room, LOOKUP_MAX, &found);
	if (found != NULL)
		who->id = found->pw_uid;
	free(room);
	return found != NULL ? 0 : read_number("user", name, &who->id, err);
}

static int
read_group(const char *name, struct access_who *who, struct error *err)
{
	struct group entry, *found = NULL;
	char *room = malloc(LOOKUP_MAX);

	who->kind = WHO_GROUP;
	if (room == NULL)
		return error_set(err, ERROR_INTERNAL, "out of memory");
	getgrnam_r(name, &entry, room, LOOKUP_MAX, &found);
	if (found != NULL)
		who->id = found->gr_gid;
	free(room);
	return found != NULL ? 0 : read_number("group", name, &who->id, err);
}

static struct bytes
bytes_of(const char *text)
{
	return (struct bytes){ (const unsigned char *)text, strlen(text) };
}

static int
check_dns(const char *name, struct error *err)
{
	if (dnspattern_is_valid(bytes_of(name)))
		return 0;
	return error_set(err, ERROR_CONFIG,
	    "\"%.64s\" is no DNS name in lower case; a label may be *", name);
}

/* Compared as text, so there is one way to write it. */
static int
check_address(const char *address, struct error *err)
{
	char canonical[INET6_ADDRSTRLEN];
	unsigned char octets[16];
	int family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;

	if (inet_pton(family, address, octets) != 1)
		return error_set(
		    err, ERROR_CONFIG, "\"%.64s\" is not an address", address);
	inet_ntop(family, octets, canonical, sizeof(canonical));
	if (strcmp(address, canonical) == 0)
		return 0;
	return error_set(err, ERROR_CONFIG, "write this address as %s", canonical);
}

static int
check_uri(const char *uri, struct error *err)
{
	const char *colon = strchr(uri, ':');

	if (colon != NULL && colon != uri && strpbrk(uri, " *") == NULL)
		return 0;
	return error_set(
	    err, ERROR_CONFIG, "\"%.64s\" is no URI; it is compared as it is", uri);
}

static int
check_subject(const char *subject, struct error *err)
{
	const char *equals = strchr(subject, '=');

	if (equals != NULL && equals != subject && subject[0] != '/')
		return 0;
	return error_set(err, ERROR_CONFIG,
	    "\"%.64s\" is no subject such as CN=ci,O=example (RFC 4514)", subject);
}

static int
read_certificate(const char *name, struct access_who *who, struct error *err)
{
	static const struct {
		const char *prefix;
		int (*check)(const char *text, struct error *err);
	} kinds[] = {
		{ DNS, check_dns },
		{ "uri:", check_uri },
		{ "ip:", check_address },
		{ "subject:", check_subject },
	};

	who->kind = WHO_CERTIFICATE;
	who->name = name;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strncmp(name, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
			return kinds[i].check(name + strlen(kinds[i].prefix), err);
	return error_set(err, ERROR_CONFIG,
	    "after cert: comes dns:, uri:, ip: or subject:, and the name");
}

static int
read_token(const char *name, struct access_who *who, struct error *err)
{
	who->kind = WHO_TOKEN;
	who->name = name;
	if (name_is_valid(name))
		return 0;
	return error_set(err, ERROR_CONFIG, "\"%.64s\" is no token's name", name);
}

int
who_read(const char *text, struct access_who *who, struct error *err)
{
	static const struct {
		const char *prefix;
		int (*read)(const char *text, struct access_who *who, struct error *err);
	} kinds[] = {
		{ "unix:group:", read_group },
		{ "unix:", read_user },
		{ "cert:", read_certificate },
		{ "token:", read_token },
	};

	*who = (struct access_who){ 0 };
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t len = strlen(kinds[i].prefix);

		if (strncmp(text, kinds[i].prefix, len) != 0)
			continue;
		if (text[len] != '\0')
			return kinds[i].read(text + len, who, err);
		break;
	}
	return error_set(err, ERROR_CONFIG,
	    "is none of unix:USER, unix:group:GROUP, cert:KIND:NAME and token:NAME");
}

static bool
is_in_group(const struct caller *caller, unsigned id)
{
	if (id == caller->gid)
		return true;
	for (size_t i = 0; i < caller->group_count; i++)
		if (id == caller->groups[i])
			return true;
	return false;
}

static bool
is_certificate_of(const char *wanted, const char *name)
{
	size_t prefix = strlen(DNS);

	if (strncmp(wanted, DNS, prefix) != 0 || strncmp(name, DNS, prefix) != 0)
		return strcmp(wanted, name) == 0;
	return dnspattern_matches(bytes_of(wanted + prefix), bytes_of(name + prefix));
}

static bool
has_name(const struct caller *caller, const char *wanted)
{
	for (size_t i = 0; i < caller->name_count; i++)
		if (is_certificate_of(wanted, caller->names[i]))
			return true;
	return false;
}

bool
who_is(const struct access_who *who, const struct caller *caller)
{
	switch (who->kind) {
	case WHO_USER:
		return caller->kind == CALLER_UNIX && who->id == caller->uid;
	case WHO_GROUP:
		return caller->kind == CALLER_UNIX && is_in_group(caller, who->id);
	case WHO_CERTIFICATE:
		return caller->kind == CALLER_CERTIFICATE && has_name(caller, who->name);
	case WHO_TOKEN:
		return caller->kind == CALLER_TOKEN &&
		       strcmp(caller->token, who->name) == 0;
	}
	return false;
}

bool
who_is_owner(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}
