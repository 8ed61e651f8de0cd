/* Files that change together, and where they may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/agent/place_scene.h"
#include "tests/base/directory.h"

static void
certificate_and_key_are_behind_one_link(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	scene_open(f);
	scene_install(f, FIRST);
	scene_assert_installed(f, FIRST);
	assert_int_equal(stat(scene_path(f, "web/key.pem"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(stat(scene_path(f, "web/"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0750);
	assert_int_equal(lstat(scene_path(f, "web"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static void
the_one_before_comes_back_once(void **state)
{
	struct fixture *f = *state;

	scene_open(f);
	scene_install(f, FIRST);
	assert_false(place_has_before(&f->place));
	scene_install(f, SECOND);
	scene_assert_installed(f, SECOND);
	assert_true(place_has_before(&f->place));
	assert_int_equal(place_back(&f->place, &f->err), 0);
	scene_assert_installed(f, FIRST);
	assert_false(place_has_before(&f->place));
}

static void
the_same_again_leaves_nothing_to_go_back_to(void **state)
{
	struct fixture *f = *state;

	scene_open(f);
	scene_install(f, FIRST);
	scene_install(f, SECOND);
	scene_install(f, SECOND);
	scene_assert_installed(f, SECOND);
	assert_false(place_has_before(&f->place));
}

static void
what_cannot_be_read_is_not_installed(void **state)
{
	struct fixture *f = *state;
	struct buffer chain;

	buf_init(&chain, 0);
	assert_int_equal(symlink(".web." FIRST, scene_path(f, "web")), 0);
	scene_open(f);
	assert_int_equal(place_read(&f->place, &chain, &f->err), 0);
	assert_int_equal(chain.len, 0);
	scene_install(f, FIRST);
	assert_int_equal(unlink(scene_path(f, "web/chain.pem")), 0);
	assert_int_equal(mkdir(scene_path(f, "web/chain.pem"), 0700), 0);
	assert_int_equal(place_read(&f->place, &chain, &f->err), 0);
	assert_int_equal(chain.len, 0);
	buf_free(&chain);
}

static void
what_no_link_leads_to_goes(void **state)
{
	struct fixture *f = *state;

	scene_open(f);
	scene_install(f, FIRST);
	scene_install(f, SECOND);
	scene_install(f, "0c03");
	place_tidy(&f->place);
	/* The link, .web.before, and the directories of both. */
	assert_int_equal(scene_count(f), 4);
	scene_assert_installed(f, "0c03");
	assert_int_equal(place_back(&f->place, &f->err), 0);
	scene_assert_installed(f, SECOND);
}

static void
what_belongs_to_others_stays(void **state)
{
	struct fixture *f = *state;

	scene_open(f);
	scene_install(f, FIRST);
	assert_int_equal(mkdir(scene_path(f, ".web.old"), 0700), 0);
	assert_int_equal(mkdir(scene_path(f, ".web.tls.0a01"), 0700), 0);
	assert_int_equal(mkdir(scene_path(f, ".web.0d04"), 0700), 0);
	assert_int_equal(mkdir(scene_path(f, ".web.0d04/mine"), 0700), 0);
	place_tidy(&f->place);
	assert_int_equal(access(scene_path(f, ".web.old"), F_OK), 0);
	assert_int_equal(access(scene_path(f, ".web.tls.0a01"), F_OK), 0);
	assert_int_equal(access(scene_path(f, ".web.0d04/mine"), F_OK), 0);
}

/* In a pair that is written anew, and so has become the draft. */
static void
what_belongs_to_others_is_moved_aside(void **state)
{
	struct fixture *f = *state;

	scene_open(f);
	scene_install(f, FIRST);
	write_file(scene_path(f, ".web." FIRST "/mine"), "mine", 0600);
	f->place.mode = 0600;
	scene_install(f, FIRST);
	assert_int_equal(access(scene_path(f, ".web.new/mine"), F_OK), 0);
	scene_install(f, SECOND);
	scene_assert_installed(f, SECOND);
	assert_int_not_equal(access(scene_path(f, ".web.new"), F_OK), 0);
	place_tidy(&f->place);
	/* The link, .web.before, the directories of both, and what was moved. */
	assert_int_equal(scene_count(f), 5);
}

static void
the_same_certificate_again_takes_the_mode_that_is_asked_for_now(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	scene_open(f);
	scene_install(f, FIRST);
	f->place.mode = 0600;
	scene_install(f, FIRST);
	scene_assert_installed(f, FIRST);
	assert_int_equal(stat(scene_path(f, "web/chain.pem"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	place_tidy(&f->place);
	assert_int_equal(scene_count(f), 2);
}

/* Only root could remove them. */
static void
files_that_nobody_may_write_are_in_a_directory_that_its_owner_may(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	f->options.mode = 0440;
	scene_open(f);
	scene_install(f, FIRST);
	assert_int_equal(stat(scene_path(f, "web/chain.pem"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0440);
	assert_int_equal(stat(scene_path(f, "web/"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0750);
}

static void
a_request_is_kept_until_it_is_forgotten(void **state)
{
	struct fixture *f = *state;
	struct buffer csr;

	buf_init(&csr, 0);
	scene_open(f);
	assert_int_equal(place_read_request(&f->place, &csr, &f->err), 0);
	assert_int_equal(csr.len, 0);
	assert_int_equal(
	    place_keep_request(&f->place, scene_bytes("a request"), &f->err), 0);
	assert_int_equal(
	    place_keep_request(&f->place, scene_bytes("another"), &f->err), 0);
	assert_int_equal(place_read_request(&f->place, &csr, &f->err), 0);
	assert_string_equal(buf_string(&csr), "another");
	assert_int_equal(place_forget_request(&f->place, &f->err), 0);
	assert_int_equal(place_forget_request(&f->place, &f->err), 0);
	assert_int_equal(scene_count(f), 0);
	buf_free(&csr);
}

static void
a_directory_that_is_missing_is_made(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/tls", f->directory);
	f->options.directory = path;
	scene_open(f);
	scene_install(f, FIRST);
	assert_string_equal(scene_content(f, "tls/web/key.pem"), "key 0a01\n");
}

static void
root_gives_them_to_who_is_named(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	if (geteuid() != 0) {
		print_message("skipped: not root: nothing to give away\n");
		skip();
	}
	f->options.owner = "nobody";
	f->options.group = "65534";
	scene_open(f);
	scene_install(f, FIRST);
	assert_int_equal(stat(scene_path(f, "web/both.pem"), &st), 0);
	assert_int_equal(st.st_uid, 65534);
	assert_int_equal(st.st_gid, 65534);
	assert_int_equal(stat(scene_path(f, "web/"), &st), 0);
	assert_int_equal(st.st_uid, 65534);
}

static void
refuse_to_open(struct fixture *f, enum error_code code, const char *why)
{
	assert_int_equal(place_open(&f->place, &f->options, &f->err), -1);
	assert_int_equal(f->err.code, code);
	assert_non_null(strstr(f->err.text, why));
	assert_int_equal(f->place.fd, -1);
}

static void
refuses_a_file_that_has_its_name(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mkdir(scene_path(f, "web"), 0700), 0);
	refuse_to_open(
	    f, ERROR_CONFLICT, "web is there, and is not the agent's: move it away");
}

static void
refuses_a_link_that_leads_elsewhere(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(symlink("../etc", scene_path(f, "web")), 0);
	refuse_to_open(f, ERROR_CONFLICT, "is not the agent's");
}

static void
refuses_to_replace_what_has_the_name_of_its_directory(void **state)
{
	struct fixture *f = *state;

	scene_open(f);
	assert_int_equal(symlink("/etc", scene_path(f, ".web." FIRST)), 0);
	assert_int_equal(scene_prepare(f, FIRST), -1);
	assert_int_equal(f->err.code, ERROR_CONFLICT);
}

static void
refuses_a_directory_that_everybody_may_write_to(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(chmod(f->directory, 0777), 0);
	refuse_to_open(f, ERROR_CONFIG, "run: chmod o-w");
}

static void
refuses_a_directory_of_somebody_else(void **state)
{
	struct fixture *f = *state;

	if (geteuid() != 0) {
		print_message("skipped: not root: nothing to give away\n");
		skip();
	}
	assert_int_equal(chown(f->directory, 65534, 65534), 0);
	refuse_to_open(f, ERROR_CONFIG, "it belongs to user 65534");
	f->options.owner = "nobody";
	scene_open(f);
}

static void
refuses_a_directory_behind_a_link(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX];

	assert_int_equal(mkdir(scene_path(f, "real"), 0700), 0);
	assert_int_equal(symlink("real", scene_path(f, "tls")), 0);
	snprintf(path, sizeof(path), "%s/tls/", f->directory);
	f->options.directory = path;
	refuse_to_open(f, ERROR_IO, "tls");
}

/* Whoever may read a directory may do so. */
static void
a_directory_that_somebody_has_locked_is_no_matter(void **state)
{
	struct fixture *f = *state;
	int fd = open(f->directory, O_RDONLY | O_DIRECTORY);
	struct stat st;

	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	scene_open(f);
	assert_int_equal(lstat(scene_path(f, ".keyhold.lock"), &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	close(fd);
}

static void
refuses_a_lock_that_is_not_its_own(void **state)
{
	struct fixture *f = *state;

	write_file(scene_path(f, ".keyhold.lock"), "", 0644);
	refuse_to_open(f, ERROR_CONFLICT, ".keyhold.lock is there");
}

static void
refuses_a_second_agent(void **state)
{
	struct fixture *f = *state;
	struct place other;

	scene_open(f);
	assert_int_equal(place_open(&other, &f->options, &f->err), -1);
	assert_int_equal(f->err.code, ERROR_BUSY);
	place_close(&f->place);
	scene_open(f);
}

static void
refuses_users_and_groups_that_there_are_not(void **state)
{
	struct fixture *f = *state;

	f->options.owner = "no-such-user";
	refuse_to_open(f, ERROR_CONFIG, "there is no user no-such-user");
	f->options.owner = NULL;
	f->options.group = "no-such-group";
	refuse_to_open(f, ERROR_CONFIG, "there is no group no-such-group");
}

static void
refuses_a_directory_in_a_directory_that_is_missing(void **state)
{
	struct fixture *f = *state;

	f->options.directory = "/nowhere/at/all";
	refuse_to_open(f, ERROR_IO, "cannot make /nowhere/at/all");
}

static void
refuses_names_and_serials_that_are_paths(void **state)
{
	struct fixture *f = *state;

	f->options.name = "../web";
	refuse_to_open(f, ERROR_CONFIG, "no name");
	f->options.name = "web";
	scene_open(f);
	assert_int_equal(scene_prepare(f, "../0a"), -1);
	assert_int_equal(scene_prepare(f, ""), -1);
	assert_int_equal(f->err.code, ERROR_BAD_REQUEST);
}

static void
refuses_to_switch_to_nothing(void **state)
{
	struct fixture *f = *state;

	scene_open(f);
	assert_false(place_has_next(&f->place));
	assert_int_equal(place_switch(&f->place, &f->err), -1);
	assert_int_equal(f->err.code, ERROR_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_new, scene_free)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(certificate_and_key_are_behind_one_link),
		TEST(the_one_before_comes_back_once),
		TEST(the_same_again_leaves_nothing_to_go_back_to),
		TEST(what_cannot_be_read_is_not_installed),
		TEST(what_no_link_leads_to_goes),
		TEST(what_belongs_to_others_stays),
		TEST(what_belongs_to_others_is_moved_aside),
		TEST(the_same_certificate_again_takes_the_mode_that_is_asked_for_now),
		TEST(files_that_nobody_may_write_are_in_a_directory_that_its_owner_may),
		TEST(a_request_is_kept_until_it_is_forgotten),
		TEST(a_directory_that_is_missing_is_made),
		TEST(root_gives_them_to_who_is_named),
		TEST(refuses_a_file_that_has_its_name),
		TEST(refuses_a_link_that_leads_elsewhere),
		TEST(refuses_to_replace_what_has_the_name_of_its_directory),
		TEST(refuses_a_directory_that_everybody_may_write_to),
		TEST(refuses_a_directory_of_somebody_else),
		TEST(refuses_a_directory_behind_a_link),
		TEST(a_directory_that_somebody_has_locked_is_no_matter),
		TEST(refuses_a_lock_that_is_not_its_own),
		TEST(refuses_a_second_agent),
		TEST(refuses_users_and_groups_that_there_are_not),
		TEST(refuses_a_directory_in_a_directory_that_is_missing),
		TEST(refuses_names_and_serials_that_are_paths),
		TEST(refuses_to_switch_to_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
