/*
 * program.c - fork, exec, and waiting that ends.
 *
 * The caller may have threads: between fork and exec the child calls nothing but what is
 * safe in a signal handler, so all that needs memory is made before.
 */
#include "base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define GROUPS_MAX      256
#define PASSWD_MAX      16384
#define ENVIRONMENT_OWN 4
#define SAFE_PATH       "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define READS_MAX       64  /* in a row: at least as much as a pipe holds */
#define CANNOT_START    127 /* the exit status that shells have for it */

/* Who the program runs as. */
struct identity {
	bool changes;
	uid_t uid;
	gid_t gid;
	gid_t groups[GROUPS_MAX];
	int group_count;
	char home[PATH_MAX + 8], user[64];
};

struct child {
	const struct program *program;
	struct identity identity;
	char *environment[ENVIRONMENT_OWN + PROGRAM_VARIABLES_MAX + 1];
	int output[2]; /* the pipe */
	pid_t pid;
	int pidfd;
};

static int
read_identity(const char *user, struct identity *identity, struct error *err)
{
	char text[PASSWD_MAX];
	struct passwd entry, *found = NULL;
	int failed = user != NULL
			 ? getpwnam_r(user, &entry, text, sizeof(text), &found)
			 : getpwuid_r(geteuid(), &entry, text, sizeof(text), &found);

	if (user != NULL && (failed != 0 || found == NULL))
		return error_set(err, ERROR_CONFIG, "there is no user %.64s", user);
	snprintf(identity->home, sizeof(identity->home), "HOME=%s",
	    found != NULL ? found->pw_dir : "/");
	snprintf(identity->user, sizeof(identity->user), "USER=%s",
	    found != NULL ? found->pw_name : "nobody");
	if (user == NULL || found->pw_uid == geteuid())
		return 0;
	identity->changes = true;
	identity->uid = found->pw_uid;
	identity->gid = found->pw_gid;
	identity->group_count = GROUPS_MAX;
	if (getgrouplist(found->pw_name, found->pw_gid, identity->groups,
		&identity->group_count) < 0)
		return error_set(
		    err, ERROR_CONFIG, "user %.64s is in too many groups", user);
	return 0;
}

/* As execvpe does, but by the PATH that the program gets, and never through a shell. */
static void
execute(const struct child *child)
{
	char *const *argv = (char *const *)child->program->argv;
	const char *name = argv[0], *directory = SAFE_PATH;
	size_t name_len = strlen(name), len;
	char path[PATH_MAX];
	bool denied = false;

	if (strchr(name, '/') != NULL || name_len == 0) {
		execve(name, argv, child->environment);
		return;
	}
	for (; *directory != '\0'; directory += len + (directory[len] == ':')) {
		len = strcspn(directory, ":");
		errno = ENAMETOOLONG;
		if (len + 1 + name_len >= sizeof(path))
			return;
		memcpy(path, directory, len);
		path[len] = '/';
		memcpy(path + len + 1, name, name_len + 1);
		execve(path, argv, child->environment);
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
			return;
		denied = denied || errno == EACCES;
	}
	errno = denied ? EACCES : ENOENT;
}

/* Never returns. */
static void
become(const struct child *child)
{
	const struct identity *identity = &child->identity;
	int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	if (input < 0 || dup2(input, 0) < 0 || dup2(child->output[1], 1) < 0 ||
	    dup2(child->output[1], 2) < 0 || close_range(3, ~0U, 0) != 0)
		_exit(CANNOT_START);
	/* In this order: without its user a process may not change its groups. */
	if (identity->changes &&
	    (setgroups((size_t)identity->group_count, identity->groups) != 0 ||
		setgid(identity->gid) != 0 || setuid(identity->uid) != 0)) {
		dprintf(2, "cannot become the user that was asked for\n");
		_exit(CANNOT_START);
	}
	execute(child);
	dprintf(2, "%s: %s\n", child->program->argv[0], strerrordesc_np(errno));
	_exit(CANNOT_START);
}

static int
start(struct child *child, struct error *err)
{
	static char path[] = "PATH=" SAFE_PATH, language[] = "LANG=C.UTF-8";
	const char *const *variables = child->program->variables;

	child->environment[0] = path;
	child->environment[1] = child->identity.home;
	child->environment[2] = child->identity.user;
	child->environment[3] = language;
	for (int i = 0;
	     variables != NULL && variables[i] != NULL && i < PROGRAM_VARIABLES_MAX; i++)
		child->environment[ENVIRONMENT_OWN + i] = (char *)variables[i];
	if (pipe2(child->output, O_CLOEXEC) != 0)
		return error_set_errno(err, ERROR_IO, "a pipe");
	if ((child->pid = fork()) == 0)
		become(child);
	if (child->pid < 0)
		return error_set_errno(err, ERROR_IO, "a process");
	/* Here as well: whoever is first makes the group before it may have to be killed.
	 */
	setpgid(child->pid, child->pid);
	if ((child->pidfd = pidfd_open(child->pid, 0)) < 0)
		return error_set_errno(err, ERROR_IO, "watching a process");
	close(child->output[1]);
	child->output[1] = -1;
	fcntl(child->output[0], F_SETFL, O_NONBLOCK);
	return 0;
}

/* What there is now, of who writes without a pause a part; false at the end of it. */
static bool
read_output(const struct child *child, struct buffer *output)
{
	char part[1024];
	ssize_t len = 0;

	for (int i = 0; i < READS_MAX; i++) {
		size_t room = output->max_bytes > 0 ? output->max_bytes - output->len
						    : sizeof(part);

		if ((len = read(child->output[0], part, sizeof(part))) <= 0)
			break;
		buf_append(output, part, (size_t)len < room ? (size_t)len : room);
	}
	return len > 0 || (len < 0 && errno == EAGAIN);
}

/* Until it ends; false at the time limit. */
static bool
follow(struct child *child, struct buffer *output)
{
	struct pollfd waits[] = { { child->pidfd, POLLIN, 0 },
		{ child->output[0], POLLIN, 0 } };
	int64_t deadline_ms = clock_mono_ms() + child->program->timeout_ms, left_ms;

	while ((left_ms = deadline_ms - clock_mono_ms()) > 0) {
		if (poll(waits, 2, (int)left_ms) < 0 && errno != EINTR)
			return false;
		if (!read_output(child, output))
			waits[1].fd = -1;
		if (waits[0].revents != 0)
			return true;
	}
	return false;
}

static int
judge(const struct child *child, bool ended, int status, struct error *err)
{
	const char *name = child->program->argv[0];

	if (!ended)
		return error_set(err, ERROR_TIMEOUT,
		    "%.100s did not end within %d ms and was killed", name,
		    child->program->timeout_ms);
	if (WIFSIGNALED(status))
		return error_set(err, ERROR_IO, "%.100s was ended by signal %d", name,
		    WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return error_set(
		    err, ERROR_IO, "%.100s exited with %d", name, WEXITSTATUS(status));
	return 0;
}

/* The process is gone, whatever happened, when this returns. */
static int
end(struct child *child, struct buffer *output, struct error *err)
{
	bool ended = follow(child, output);
	int status = 0;
	pid_t pid;

	if (!ended)
		kill(-child->pid, SIGKILL);
	while ((pid = waitpid(child->pid, &status, 0)) < 0 && errno == EINTR)
		continue;
	if (pid < 0)
		return error_set_errno(err, ERROR_IO, "how %.100s ended is not known",
		    child->program->argv[0]);
	read_output(child, output);
	return judge(child, ended, status, err);
}

static void
close_all(struct child *child)
{
	if (child->output[0] >= 0)
		close(child->output[0]);
	if (child->output[1] >= 0)
		close(child->output[1]);
	if (child->pidfd >= 0)
		close(child->pidfd);
}

int
program_run(const struct program *program, struct buffer *output, struct error *err)
{
	struct child child = {
		.program = program, .output = { -1, -1 }, .pid = -1, .pidfd = -1
	};
	int rc = -1;

	if (read_identity(program->user, &child.identity, err) != 0)
		return -1;
	if (start(&child, err) == 0) {
		rc = end(&child, output, err);
	} else if (child.pid > 0) {
		kill(-child.pid, SIGKILL);
		waitpid(child.pid, NULL, 0);
	}
	close_all(&child);
	return rc;
}
