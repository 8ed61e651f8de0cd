/*
 * managed_install.c - files, hook and verification.
 *
 * The daemon does none of it: its cage lets it look at no users, directories or programs
 * but its own.
 */
#include "api/managed_install.h"

#include <stdbool.h>
#include <string.h>

#include "api/json.h"
#include "api/managed_field.h"

#define HOOK_TIMEOUT_S   30
#define HOOK_TIMEOUT_MAX 3600
#define DIRECTORY_MAX    512
#define OWNER_MAX        64

/* A user or group, by name or number. */
static int
read_owner(const struct json_t *object, const char *member, const char **owner,
    struct error *err)
{
	if (managed_line(object, member, false, owner, err) != 0)
		return -1;
	if (*owner != NULL &&
	    (strlen(*owner) > OWNER_MAX || strpbrk(*owner, " :/") != NULL))
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"%s\" is not the name of a user or group, or a number",
		    member);
	return 0;
}

/* A reference is no secret, but what anybody could write, anybody could replace. */
static bool
is_safe(const char *mode)
{
	unsigned owner = (unsigned)(mode[1] - '0'), group = (unsigned)(mode[2] - '0'),
		 others = (unsigned)(mode[3] - '0');

	return (owner & 4) != 0 && ((owner | group | others) & 1) == 0 &&
	       (others & 2) == 0;
}

static int
read_mode(const struct json_t *definition, const char **mode, struct error *err)
{
	if (json_text(definition, "mode", false, mode, err) != 0)
		return -1;
	if (*mode == NULL)
		*mode = "0640";
	if (strlen(*mode) != 4 || **mode != '0' || strspn(*mode, "01234567") != 4)
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"mode\" is not four octal digits like 0640");
	if (!is_safe(*mode))
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"mode\" %s: the owner has to read, others must not write, "
		    "and nobody executes",
		    *mode);
	return 0;
}

static int
read_files(
    const struct json_t *definition, struct managed_install *install, struct error *err)
{
	if (managed_path(definition, "directory", true, &install->directory, err) != 0 ||
	    read_owner(definition, "owner", &install->owner, err) != 0 ||
	    read_owner(definition, "group", &install->group, err) != 0)
		return -1;
	if (strlen(install->directory) > DIRECTORY_MAX)
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"directory\" is longer than %d bytes", DIRECTORY_MAX);
	return read_mode(definition, &install->mode, err);
}

/* The hook's, by name alone: its groups are those of a name. */
static int
read_user(const struct json_t *hook, const char **user, struct error *err)
{
	if (read_owner(hook, "user", user, err) != 0)
		return -1;
	if (*user != NULL && (*user)[strspn(*user, "0123456789")] == '\0')
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"user\" is a number: say the user's name");
	return 0;
}

static int
read_hook(const struct json_t *definition, struct json_t **made, struct error *err)
{
	static const char *const members[] = { "argv", "shell", "user", "timeout_s",
		NULL };
	const struct json_t *hook;
	struct json_t *argv;
	const char *shell, *user;
	int64_t timeout_s;

	if (json_member(definition, "hook", members, &hook, err) != 0)
		return -1;
	if (hook == NULL)
		return 0;
	if (json_has(hook, "argv") == json_has(hook, "shell"))
		return error_set(err, ERROR_BAD_REQUEST,
		    "JSON: \"hook\" takes \"argv\", a list of words, or \"shell\", a "
		    "command line");
	if (managed_line(hook, "shell", false, &shell, err) != 0 ||
	    read_user(hook, &user, err) != 0 ||
	    json_number(hook, "timeout_s", 1, HOOK_TIMEOUT_MAX, HOOK_TIMEOUT_S,
		&timeout_s, err) != 0 ||
	    managed_argv(hook, "argv", false, &argv, err) != 0)
		return -1;
	*made = json_make("{s:o*,s:s*,s:s*,s:I}", "argv", argv, "shell", shell, "user",
	    user, "timeout_s", (long long)timeout_s);
	return *made != NULL ? 0 : error_set(err, ERROR_INTERNAL, "out of memory");
}

int
managed_install_read(
    const struct json_t *definition, struct managed_install *install, struct error *err)
{
	*install = (struct managed_install){ 0 };
	if (read_files(definition, install, err) != 0 ||
	    managed_server(definition, "verify", &install->verify, err) != 0 ||
	    managed_line(definition, "verify_name", false, &install->verify_name, err) !=
		0)
		return -1;
	if (install->verify_name != NULL && install->verify == NULL)
		return error_set(
		    err, ERROR_BAD_REQUEST, "JSON: \"verify_name\" goes with \"verify\"");
	return read_hook(definition, &install->hook, err);
}
