/* The process ends before each change of a file: a pair is always whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/agent/place_scene.h"

#define CUT_OFF   42
#define MANY_CUTS 500

/* How many changes of files this process may still make; -1: any number. */
static int changes_left = -1;

static void
change(void)
{
	if (changes_left >= 0 && changes_left-- == 0)
		_exit(CUT_OFF);
}

#define WRAP(name, parameters, arguments)                                                \
	int __real_##name parameters;                                                    \
	int __wrap_##name parameters;                                                    \
	int __wrap_##name parameters                                                     \
	{                                                                                \
		change();                                                                \
		return __real_##name arguments;                                          \
	}

WRAP(fsync, (int fd), (fd))
WRAP(fchown, (int fd, uid_t owner, gid_t group), (fd, owner, group))
WRAP(fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(mkdirat, (int fd, const char *path, mode_t mode), (fd, path, mode))
WRAP(symlinkat, (const char *target, int fd, const char *path), (target, fd, path))
WRAP(renameat, (int fd, const char *from, int other, const char *to),
    (fd, from, other, to))
WRAP(renameat2, (int fd, const char *from, int other, const char *to, unsigned flags),
    (fd, from, other, to, flags))
WRAP(unlinkat, (int fd, const char *path, int flags), (fd, path, flags))

/* Half of it, at the cut. */
ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
ssize_t
__wrap_write(int fd, const void *data, size_t len)
{
	if (changes_left == 0)
		__real_write(fd, data, len / 2);
	change();
	return __real_write(fd, data, len);
}

int __real_openat(int fd, const char *path, int flags, mode_t mode);
int __wrap_openat(int fd, const char *path, int flags, ...);
int
__wrap_openat(int fd, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if ((flags & O_CREAT) != 0) {
		va_start(ap, flags);
		mode = (mode_t)va_arg(ap, int);
		va_end(ap);
		change();
	}
	return __real_openat(fd, path, flags, mode);
}

static int
renew(struct fixture *f)
{
	if (place_open(&f->place, &f->options, &f->err) != 0 ||
	    scene_prepare(f, SECOND) != 0 || place_switch(&f->place, &f->err) != 0)
		return -1;
	place_tidy(&f->place);
	return 0;
}

static int
renew_and_go_back(struct fixture *f)
{
	return renew(f) == 0 && place_back(&f->place, &f->err) == 0 ? 0 : -1;
}

/* In a child that ends before its change number n; whether it was cut off. */
static bool
cut_off(struct fixture *f, int (*work)(struct fixture *), int n)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		changes_left = n;
		_exit(work(f) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 1);
	return WEXITSTATUS(status) == CUT_OFF;
}

/* One pair or the other, whole. */
static void
assert_a_pair(const struct fixture *f)
{
	scene_assert_installed(
	    f, strstr(scene_content(f, "web/chain.pem"), FIRST) != NULL ? FIRST : SECOND);
}

static int
cut_off_at_each_change(int (*work)(struct fixture *))
{
	int n = 0;
	bool was_cut = true;

	for (; was_cut; n++) {
		void *state;
		struct fixture *f;

		assert_int_equal(scene_new(&state), 0);
		f = state;
		scene_open(f);
		scene_install(f, FIRST);
		place_close(&f->place);
		was_cut = cut_off(f, work, n);
		assert_a_pair(f);
		assert_int_equal(renew(f), 0);
		scene_assert_installed(f, SECOND);
		assert_true(scene_count(f) <= 4);
		scene_free(&state);
		assert_true(n < MANY_CUTS);
	}
	return n;
}

static void
a_pair_is_whole_whenever_the_agent_dies(void **state)
{
	(void)state;
	assert_true(cut_off_at_each_change(renew) > 20);
}

static void
a_pair_is_whole_whenever_the_agent_dies_on_the_way_back(void **state)
{
	(void)state;
	assert_true(cut_off_at_each_change(renew_and_go_back) > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pair_is_whole_whenever_the_agent_dies),
		cmocka_unit_test(a_pair_is_whole_whenever_the_agent_dies_on_the_way_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
