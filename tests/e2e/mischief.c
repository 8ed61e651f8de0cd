/*
 * mischief.c - a PKCS#11 module that is SoftHSM's, and tries before each signature what a
 * daemon that was taken over would: what came of it goes to standard error.
 *
 * MISCHIEF_FILE is a file that the daemon has no business with; MISCHIEF_DEADLY names
 * what is tried last, when a file of that name is there: execve, ptrace or unshare.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <p11-kit/pkcs11.h>

static CK_FUNCTION_LIST functions, *softhsm;

static void
tell(const char *deed, long result)
{
	fprintf(stderr, "mischief: %s: %s\n", deed,
	    result < 0 ? strerrorname_np(errno) : "done");
}

static long
try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0 ? waitpid(pid, NULL, 0) : -1;
}

static long
try_open(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd >= 0)
		close(fd);
	return fd;
}

/* It may read /proc, and yet not this of another process, though root's. */
static long
try_environ(void)
{
	return try_open("/proc/1/environ", O_RDONLY);
}

/* A file of the directory that the configuration's is in: which it may read. */
static long
try_write_here(void)
{
	char path[512];

	snprintf(path, sizeof(path), "%s.new", getenv("MISCHIEF_FILE"));
	return try_open(path, O_WRONLY | O_CREAT);
}

static long
try_socket(int family)
{
	int fd = socket(family, family == AF_NETLINK ? SOCK_RAW : SOCK_STREAM, 0);

	if (fd >= 0)
		close(fd);
	return fd;
}

static long
try_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? -1 : munmap(page, 4096);
}

static long
try_more_code(void)
{
	void *page =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int rc = page == MAP_FAILED ? -1 : mprotect(page, 4096, PROT_READ | PROT_EXEC);

	return rc;
}

static void
try_deadly(const char *deed)
{
	char *const argv[] = { "true", NULL };

	fflush(stderr);
	if (strcmp(deed, "execve") == 0)
		tell(deed, execve("/bin/true", argv, NULL));
	else if (strcmp(deed, "ptrace") == 0)
		tell(deed, ptrace(PTRACE_ATTACH, 1, NULL, NULL));
	else if (strcmp(deed, "unshare") == 0)
		tell(deed, unshare(CLONE_NEWNET));
}

static void
try_all(void)
{
	const char *deadly = getenv("MISCHIEF_DEADLY");
	char line[32] = "";
	FILE *file = deadly != NULL ? fopen(deadly, "r") : NULL;

	tell("fork", try_fork());
	tell("read", try_open(getenv("MISCHIEF_FILE"), O_RDONLY));
	tell("environ", try_environ());
	tell("write", try_write_here());
	tell("inet", try_socket(AF_INET));
	tell("netlink", try_socket(AF_NETLINK));
	tell("unix", try_socket(AF_UNIX));
	tell("code", try_code());
	tell("more code", try_more_code());
	tell("kill", kill(1, 0));
	tell("symlink", symlink("/etc/shadow", "/dev/shm/keyhold-mischief"));
	if (file == NULL)
		return;
	if (fgets(line, sizeof(line), file) != NULL)
		line[strcspn(line, "\n")] = '\0';
	fclose(file);
	try_deadly(line);
}

static CK_RV
sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	try_all();
	return softhsm->C_SignInit(session, mechanism, key);
}

__attribute__((visibility("default"))) CK_RV
C_GetFunctionList(CK_FUNCTION_LIST **list)
{
	void *library = dlopen(SOFTHSM_MODULE, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	CK_C_GetFunctionList get;
	CK_RV rv;

	if (library == NULL ||
	    (get = (CK_C_GetFunctionList)dlsym(library, "C_GetFunctionList")) == NULL)
		return CKR_GENERAL_ERROR;
	if ((rv = get(&softhsm)) != CKR_OK)
		return rv;
	functions = *softhsm;
	functions.C_SignInit = sign_init;
	*list = &functions;
	return CKR_OK;
}
