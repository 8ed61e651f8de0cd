/*
 * test_processes.c - keyhold.so in programs that fork, load and unload it, and have many
 * threads: it leaves nothing behind. tests/e2e/provider_leaks.sh runs this under
 * valgrind.
 */
#include <dlfcn.h>
#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/crypto.h>

#include "tests/provider/loaded.h"
#include "tests/support/signer.h"

#define OPERATIONS 10000
#define FORKS      100
#define LOADS      100
#define THREADS    2000
#define WAVE       50
#define TIMEOUT_MS 30000
#define SIGNALS    64

static char socket_name[108];
static pid_t signer_pid;
static int signer_end; /* closed, it ends */

/* A process of its own, so that this one has no thread but those of the tests. */
static int
start_signer(void **state)
{
	int name[2], end[2];

	(void)state;
	assert_int_equal(pipe2(name, O_CLOEXEC), 0);
	assert_int_equal(pipe2(end, O_CLOEXEC), 0);
	loaded_private_key();
	if ((signer_pid = fork()) == 0) {
		struct signer *signer = signer_start(NULL);
		const char *path = signer_socket(signer);
		char byte;

		close(end[1]);
		if (write(name[1], path, strlen(path) + 1) < 0 ||
		    read(end[0], &byte, 1) != 0)
			_exit(1);
		signer_stop(signer);
		_exit(0);
	}
	close(name[1]);
	close(end[0]);
	signer_end = end[1];
	assert_true(read(name[0], socket_name, sizeof(socket_name)) > 0);
	close(name[0]);
	return 0;
}

static int
stop_signer(void **state)
{
	int status;

	(void)state;
	close(signer_end);
	assert_int_equal(waitpid(signer_pid, &status, 0), signer_pid);
	assert_int_equal(status, 0);
	loaded_private_key_free();
	return 0;
}

static unsigned
tasks(void)
{
	DIR *dir = opendir("/proc/self/task");
	unsigned count = 0;

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

/* The inode of the one connection to the signer; 0 for none, 1 for several. */
static ino_t
connection(void)
{
	ino_t found = 0;

	for (int fd = 0; fd < LOADED_DESCRIPTORS_MAX; fd++) {
		struct sockaddr_un peer = { .sun_family = AF_UNSPEC };
		socklen_t len = sizeof(peer);
		struct stat st;

		if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0 ||
		    strcmp(peer.sun_path, socket_name) != 0 || fstat(fd, &st) != 0)
			continue;
		found = found == 0 ? st.st_ino : 1;
	}
	return found;
}

static void
starts_no_thread_and_takes_no_signal(void **state)
{
	struct sigaction before[SIGNALS] = { 0 }, after;
	unsigned tasks_before = tasks(), descriptors_before = loaded_descriptors();
	struct loaded loaded;

	(void)state;
	for (int i = 1; i < SIGNALS; i++)
		sigaction(i, NULL, &before[i]);
	loaded_with(&loaded, socket_name, TIMEOUT_MS);
	assert_int_equal(loaded_descriptors(), descriptors_before);
	assert_true(loaded_sign(&loaded));
	assert_int_equal(tasks(), tasks_before);
	for (int i = 1; i < SIGNALS; i++) {
		after = (struct sigaction){ .sa_handler = SIG_DFL };
		sigaction(i, NULL, &after);
		assert_ptr_equal(after.sa_handler, before[i].sa_handler);
	}
	loaded_close(&loaded);
	assert_int_equal(loaded_descriptors(), descriptors_before);
}

static void
opens_descriptors_that_exec_closes(void **state)
{
	bool known[LOADED_DESCRIPTORS_MAX];
	struct loaded loaded;
	unsigned opened = 0;

	(void)state;
	for (int fd = 0; fd < LOADED_DESCRIPTORS_MAX; fd++)
		known[fd] = fcntl(fd, F_GETFD) >= 0;
	loaded_with(&loaded, socket_name, TIMEOUT_MS);
	assert_true(loaded_sign(&loaded));
	for (int fd = 0; fd < LOADED_DESCRIPTORS_MAX; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (known[fd] || flags < 0)
			continue;
		assert_true(flags & FD_CLOEXEC);
		opened++;
	}
	assert_int_equal(opened, 1);
	loaded_close(&loaded);
}

static void
grows_in_no_way_over_many_signatures(void **state)
{
	struct loaded loaded;
	unsigned descriptors;
	size_t bytes;

	(void)state;
	loaded_with(&loaded, socket_name, TIMEOUT_MS);
	for (int i = 0; i < 100; i++)
		assert_true(loaded_sign(&loaded));
	descriptors = loaded_descriptors();
	bytes = mallinfo2().uordblks;
	for (int i = 0; i < OPERATIONS; i++)
		assert_true(loaded_sign(&loaded));
	assert_int_equal(loaded_descriptors(), descriptors);
	/* Sanitizers say 0. */
	assert_true(mallinfo2().uordblks <= bytes + 4096);
	loaded_close(&loaded);
}

/* The exit status of a child that signs twice over a connection of its own. */
static int
child(struct loaded *loaded, ino_t parents)
{
	ino_t own;

	if (!loaded_sign(loaded))
		return 1;
	own = connection();
	if (own <= 1 || own == parents)
		return 2;
	if (!loaded_sign(loaded) || connection() != own)
		return 3;
	loaded_close(loaded);
	return connection() == 0 ? 0 : 4;
}

static void
fork_and_sign(struct loaded *loaded)
{
	ino_t parents = connection();
	int status = -1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(child(loaded, parents));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(connection(), parents);
}

static void
serves_children_that_were_forked_after_the_load(void **state)
{
	struct loaded loaded;

	(void)state;
	loaded_with(&loaded, socket_name, TIMEOUT_MS);
	for (int i = 0; i < FORKS / 10; i++)
		fork_and_sign(&loaded);
	assert_int_equal(connection(), 0);
	loaded_close(&loaded);
}

static void
serves_children_that_were_forked_after_a_signature(void **state)
{
	struct loaded loaded;
	ino_t before;

	(void)state;
	loaded_with(&loaded, socket_name, TIMEOUT_MS);
	assert_true(loaded_sign(&loaded));
	before = connection();
	for (int i = 0; i < FORKS; i++)
		fork_and_sign(&loaded);
	assert_true(loaded_sign(&loaded));
	assert_int_equal(connection(), before);
	loaded_close(&loaded);
}

/* Whether keyhold.so is mapped. */
static bool
is_mapped(void)
{
	void *handle = dlopen(KEYHOLD_SO, RTLD_NOW | RTLD_NOLOAD);

	if (handle != NULL)
		dlclose(handle);
	return handle != NULL;
}

static void
is_loaded_and_unloaded_many_times(void **state)
{
	unsigned descriptors = loaded_descriptors();

	(void)state;
	for (int i = 0; i < LOADS; i++) {
		struct loaded loaded;

		loaded_with(&loaded, socket_name, TIMEOUT_MS);
		assert_true(loaded_sign(&loaded));
		loaded_close(&loaded);
		assert_false(is_mapped());
	}
	assert_int_equal(loaded_descriptors(), descriptors);
}

static void
is_mapped_and_unmapped_many_times(void **state)
{
	(void)state;
	for (int i = 0; i < LOADS; i++) {
		void *handle = dlopen(KEYHOLD_SO, RTLD_NOW | RTLD_LOCAL);

		assert_non_null(handle);
		assert_non_null(dlsym(handle, "OSSL_provider_init"));
		assert_int_equal(dlclose(handle), 0);
		assert_false(is_mapped());
	}
}

/* A thread that was joined may be listed a moment longer. */
static void
assert_no_more_tasks_than(unsigned count)
{
	for (int i = 0; i < 5000 && tasks() > count; i++)
		usleep(1000);
	assert_true(tasks() <= count);
}

static void
serves_thousands_of_threads_in_waves(void **state)
{
	unsigned descriptors = loaded_descriptors(), tasks_before;
	struct loaded loaded;
	pthread_t first;

	(void)state;
	loaded_with(&loaded, socket_name, TIMEOUT_MS);
	/* With its first thread ThreadSanitizer starts one of its own. */
	assert_int_equal(pthread_create(&first, NULL, loaded_sign_once, &loaded), 0);
	tasks_before = tasks();
	pthread_join(first, NULL);
	for (int wave = 0; wave < THREADS / WAVE; wave++) {
		pthread_t threads[WAVE];
		void *result;

		for (int i = 0; i < WAVE; i++)
			assert_int_equal(
			    pthread_create(&threads[i], NULL, loaded_sign_once, &loaded),
			    0);
		for (int i = 0; i < WAVE; i++) {
			pthread_join(threads[i], &result);
			assert_non_null(result);
		}
	}
	assert_true(loaded_descriptors() <= descriptors + WAVE);
	assert_no_more_tasks_than(tasks_before);
	loaded_close(&loaded);
	assert_int_equal(loaded_descriptors(), descriptors);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_no_thread_and_takes_no_signal),
		cmocka_unit_test(opens_descriptors_that_exec_closes),
		cmocka_unit_test(grows_in_no_way_over_many_signatures),
		cmocka_unit_test(serves_children_that_were_forked_after_the_load),
		cmocka_unit_test(serves_children_that_were_forked_after_a_signature),
		cmocka_unit_test(is_loaded_and_unloaded_many_times),
		cmocka_unit_test(is_mapped_and_unmapped_many_times),
		cmocka_unit_test(serves_thousands_of_threads_in_waves),
	};

	return cmocka_run_group_tests(tests, start_signer, stop_signer);
}
