/*
 * cage_files.c - Landlock, by its three system calls.
 *
 * Debian 12's headers are older than the kernels that it runs on, so what they lack is
 * numbered here. What is not asked for in handled stays allowed, so it is all that the
 * kernel knows of.
 */
#include "service/cage_files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "service/cage_places.h"
#include "service/config.h"

/* linux/landlock.h of 6.14 */
#define FS_TRUNCATE         (1ULL << 14) /* ABI 3 */
#define FS_IOCTL_DEV        (1ULL << 15) /* ABI 5 */
#define NET_CONNECT_TCP     (1ULL << 1)  /* ABI 4 */
#define SCOPE_ABSTRACT_UNIX (1ULL << 0)  /* ABI 6 */
#define SCOPE_SIGNAL        (1ULL << 1)
#define RULE_NET_PORT       2
#define ABI_NET             4
#define ABI_SCOPE           6
#define ABI_WHOLE           ABI_SCOPE

struct attributes {
	uint64_t fs, net, scoped;
};

struct port_rule {
	uint64_t allowed, port;
};

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define STORE                                                                            \
	(READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |            \
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | FS_TRUNCATE)
#define SOCKET (LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE)

static const struct {
	const char *word;
	uint64_t rights;
} uses[] = {
	[PLACE_READ] = { "read", READ },
	[PLACE_WRITE] = { "write", STORE | SOCKET | LANDLOCK_ACCESS_FS_MAKE_DIR |
				       LANDLOCK_ACCESS_FS_REMOVE_DIR | FS_IOCTL_DEV },
	[PLACE_STORE] = { "files", STORE },
	[PLACE_SOCKET] = { "sockets", SOCKET },
	[PLACE_PARENT] = { "rmdir", LANDLOCK_ACCESS_FS_REMOVE_DIR },
};

/* All that a file that is no directory can be given. */
#define OF_FILES                                                                         \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |                     \
	    LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

int
cage_files_abi(void)
{
	long abi = syscall(
	    SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

/* Bits that appeared with an ABI, in order: 13, then one more each in 2, 3 and 5. */
static uint64_t
known_fs(int abi)
{
	uint64_t known = LANDLOCK_ACCESS_FS_REFER - 1;

	if (abi >= 2)
		known |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		known |= FS_TRUNCATE;
	if (abi >= 5)
		known |= FS_IOCTL_DEV;
	return known;
}

/* systemd of a container may listen for READY=1 at an abstract name. */
static uint64_t
known_scopes(void)
{
	const char *notify = getenv("NOTIFY_SOCKET");

	if (notify != NULL && notify[0] == '@')
		return SCOPE_SIGNAL;
	return SCOPE_SIGNAL | SCOPE_ABSTRACT_UNIX;
}

static int
create_ruleset(int abi, struct error *err)
{
	struct attributes attributes = { .fs = known_fs(abi) };
	size_t size = sizeof(attributes.fs);
	long fd;

	if (abi >= ABI_NET) {
		attributes.net = NET_CONNECT_TCP;
		size += sizeof(attributes.net);
	}
	if (abi >= ABI_SCOPE) {
		attributes.scoped = known_scopes();
		size += sizeof(attributes.scoped);
	}
	if ((fd = syscall(SYS_landlock_create_ruleset, &attributes, size, 0)) < 0)
		return error_set_errno(err, ERROR_INTERNAL, "landlock_create_ruleset");
	return (int)fd;
}

struct rules {
	int fd;
	uint64_t known;
};

static int
add_rule(const struct rules *rules, int fd, const struct place *place, struct error *err)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = uses[place->use].rights & rules->known,
		.parent_fd = fd,
	};
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "%s", place->path);
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= OF_FILES;
	if (syscall(SYS_landlock_add_rule, rules->fd, LANDLOCK_RULE_PATH_BENEATH, &rule,
		0) != 0)
		return error_set_errno(
		    err, ERROR_INTERNAL, "landlock_add_rule: %s", place->path);
	return 0;
}

static int
allow_place(void *ctx, const struct place *place, struct error *err)
{
	int fd = open(place->path, O_PATH | O_CLOEXEC);
	int rc;

	if (fd < 0 && !place->must_exist)
		return 0;
	if (fd < 0)
		return error_set_errno(
		    err, ERROR_CONFIG, "%s: %s", place->reason, place->path);
	rc = add_rule(ctx, fd, place, err);
	close(fd);
	return rc;
}

static int
allow_port(const struct rules *rules, unsigned port, struct error *err)
{
	struct port_rule rule = { NET_CONNECT_TCP, port };

	if (syscall(SYS_landlock_add_rule, rules->fd, RULE_NET_PORT, &rule, 0) != 0)
		return error_set_errno(
		    err, ERROR_INTERNAL, "landlock_add_rule: port %u", port);
	return 0;
}

static int
allow_all(
    const struct config *config, const struct rules *rules, int abi, struct error *err)
{
	if (cage_places_visit(config, allow_place, (void *)rules, err) != 0)
		return -1;
	for (unsigned i = 0; i < config->cage.connect_count && abi >= ABI_NET; i++)
		if (allow_port(rules, config->cage.connect[i], err) != 0)
			return -1;
	return 0;
}

int
cage_files_close(const struct config *config, struct error *err)
{
	int abi = cage_files_abi();
	struct rules rules = { .known = known_fs(abi) };
	int rc = -1;

	if (abi < ABI_WHOLE)
		log_info("cage.lacking", "landlock=%d whole_from=%d", abi, ABI_WHOLE);
	if (abi == 0)
		return 0;
	if ((rules.fd = create_ruleset(abi, err)) < 0)
		return -1;
	if (allow_all(config, &rules, abi, err) != 0)
		goto out;
	if (syscall(SYS_landlock_restrict_self, rules.fd, 0) != 0) {
		error_set_errno(err, ERROR_INTERNAL, "landlock_restrict_self");
		goto out;
	}
	rc = 0;
out:
	close(rules.fd);
	return rc;
}

static int
print_place(void *ctx, const struct place *place, struct error *err)
{
	(void)err;
	if (place->must_exist || access(place->path, F_OK) == 0)
		fprintf(ctx, "  %-8s%s (%s)\n", uses[place->use].word, place->path,
		    place->reason);
	return 0;
}

void
cage_files_print(const struct config *config, FILE *out)
{
	struct error err = { 0 };

	if (cage_places_visit(config, print_place, out, &err) != 0)
		fprintf(out, "  %s\n", err.text);
	for (unsigned i = 0; i < config->cage.connect_count; i++)
		fprintf(
		    out, "  connect port %u (cage.connect)\n", config->cage.connect[i]);
}
