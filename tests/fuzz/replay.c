/* replay.c - runs a fuzz target over the files of a directory, without libFuzzer. */
#include "tests/fuzz/target.h"

#include <dirent.h>
#include <stdio.h>

#include "base/file.h"

#define SEED_MAX_BYTES (1 << 20)

static int
run_file(const char *directory, const char *name)
{
	struct buffer content;
	struct error err = { 0 };
	char path[1024];

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		return -1;
	buf_init(&content, 0);
	if (file_read(path, SEED_MAX_BYTES, &content, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	/* Said before, so that a crash has a name. */
	printf("%s\n", name);
	fflush(stdout);
	LLVMFuzzerTestOneInput(content.data, content.len);
	buf_free(&content);
	return 0;
}

int
main(int argc, char **argv)
{
	struct dirent *entry;
	int files = 0, failed = 0;
	DIR *directory = argc == 2 ? opendir(argv[1]) : NULL;

	if (directory == NULL) {
		fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return EXIT_FAILURE;
	}
	while ((entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		failed += run_file(argv[1], entry->d_name) != 0;
		files++;
	}
	closedir(directory);
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	printf("%d inputs\n", files);
	return files > 0 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
