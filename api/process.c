/* process.c - from the kernel, at each call. */
#include "api/process.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/exposition.h"

static void
write_cpu(struct buffer *out)
{
	static const char name[] = "process_cpu_seconds_total";
	struct rusage use;

	if (getrusage(RUSAGE_SELF, &use) != 0)
		return;
	exposition_family(out, name, "counter", "CPU time of the daemon and the kernel.");
	exposition_seconds(out, name, NULL,
	    (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
		(double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6);
}

static void
write_memory(struct buffer *out)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long long pages, resident, page = sysconf(_SC_PAGESIZE);

	if (file == NULL)
		return;
	if (fscanf(file, "%lld %lld", &pages, &resident) == 2) {
		exposition_gauge(out, "process_virtual_memory_bytes",
		    "Size of the address space.", pages * page);
		exposition_gauge(out, "process_resident_memory_bytes",
		    "Memory that is there.", resident * page);
	}
	fclose(file);
}

/* Its own descriptor is among them, as are "." and "..". */
static void
write_open_files(struct buffer *out)
{
	DIR *dir = opendir("/proc/self/fd");
	long long count = -3;

	if (dir == NULL)
		return;
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	exposition_gauge(out, "process_open_fds", "Open descriptors.", count);
}

static void
write_files_limit(struct buffer *out)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		exposition_gauge(out, "process_max_fds", "How many there may be.",
		    (long long)limit.rlim_cur);
}

void
process_write(struct buffer *out)
{
	write_cpu(out);
	write_memory(out);
	write_open_files(out);
	write_files_limit(out);
}
