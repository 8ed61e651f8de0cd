/* system_calls.c - the tables, and how they are printed. */
#include "service/system_calls.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* linux/prctl.h: the name of a mapping, which glibc's malloc gives. */
#define SET_VMA 0x53564d41

#define WX  (PROT_WRITE | PROT_EXEC)
#define ALL UINT64_MAX

const struct system_call system_calls_allowed[] = {
	/* clients */
	{ "accept4", "a client connects", { 0 } },
	{ "poll", "waits for a client", { 0 } },
	{ "ppoll", "waits for a client", { 0 } },
	{ "select", "libmicrohttpd waits for a client", { 0 } },
	{ "pselect6", "libmicrohttpd waits for a client", { 0 } },
	{ "epoll_create1", "waits for many clients", { 0 } },
	{ "epoll_ctl", "waits for many clients", { 0 } },
	{ "epoll_wait", "waits for many clients", { 0 } },
	{ "epoll_pwait", "waits for many clients", { 0 } },
	{ "eventfd2", "one thread wakes another", { 0 } },
	{ "pipe2", "one thread wakes another", { 0 } },
	{ "recvfrom", "reads a request", { 0 } },
	{ "recvmsg", "reads a request, TLS", { 0 } },
	{ "sendto", "answers", { 0 } },
	{ "sendmsg", "answers; tells systemd of readiness and stop", { 0 } },
	{ "writev", "answers, TLS", { 0 } },
	{ "shutdown", "ends a connection", { 0 } },
	{ "getsockopt", "who the client is", { 0 } },
	{ "setsockopt", "deadlines of connections, TCP_NODELAY", { 0 } },
	{ "getsockname", "where a client connected to", { 0 } },
	{ "getpeername", "who the client is", { 0 } },
	{ "socket", "local sockets only: name services, systemd",
	    { 0, 1, ALL, { AF_UNIX } } },
	{ "connect", "local sockets; TCP by cage.connect", { 0 } },

	/* files */
	{ "openat", "database, token, configuration, libraries", { 0 } },
	{ "close", "files and connections", { 0 } },
	{ "read", "files, connections", { 0 } },
	{ "pread64", "database", { 0 } },
	{ "write", "files, log, answers", { 0 } },
	{ "pwrite64", "database", { 0 } },
	{ "lseek", "token's files", { 0 } },
	{ "fcntl", "locks of database and token; flags of descriptors", { 0 } },
	{ "fsync", "nothing unrecorded leaves", { 0 } },
	{ "fdatasync", "nothing unrecorded leaves", { 0 } },
	{ "ftruncate", "database, token's files", { 0 } },
	{ "fallocate", "database", { 0 } },
	{ "stat", "database, token; glibc before 2.33", { 0 } },
	{ "fstat", "database, token; glibc from 2.39 on", { 0 } },
	{ "lstat", "the same", { 0 } },
	{ "newfstatat", "database, token, sockets", { 0 } },
	{ "access", "database, token", { 0 } },
	{ "faccessat2", "the same; AT_EACCESS", { 0 } },
	{ "getdents64", "the token's directory", { 0 } },
	{ "getcwd", "database", { 0 } },
	{ "readlink", "database, libraries", { 0 } },
	{ "unlink", "database, token, sockets at the stop", { 0 } },
	{ "fchmod", "a file made with the mode of its neighbour: database", { 0 } },

	/* memory and threads */
	{ "brk", "memory", { 0 } },
	{ "mmap", "memory, libraries; never writable and executable at once",
	    { 2, 3, WX, { 0, PROT_WRITE, PROT_EXEC } } },
	{ "mprotect", "memory; never to executable", { 2, 1, PROT_EXEC, { 0 } } },
	{ "mremap", "memory", { 0 } },
	{ "munmap", "memory", { 0 } },
	{ "madvise", "memory", { 0 } },
	{ "mlock", "a PIN that is read again, out of swap", { 0 } },
	{ "clone", "a thread for a connection; never a process",
	    { 0, 1, CLONE_THREAD, { CLONE_THREAD } } },
	{ "set_robust_list", "a thread begins", { 0 } },
	{ "rseq", "a thread begins", { 0 } },
	{ "prctl", "names of threads and mappings",
	    { 0, 2, ALL, { PR_SET_NAME, SET_VMA } } },
	{ "futex", "locks", { 0 } },
	{ "membarrier", "locks", { 0 } },
	{ "sched_yield", "locks", { 0 } },
	{ "sched_getaffinity", "how many processors there are", { 0 } },
	{ "exit", "a thread ends", { 0 } },
	{ "exit_group", "the daemon ends", { 0 } },

	/* signals, time, numbers */
	{ "rt_sigaction", "signals", { 0 } },
	{ "rt_sigprocmask", "signals", { 0 } },
	{ "rt_sigreturn", "signals", { 0 } },
	{ "rt_sigtimedwait", "waits for SIGTERM and SIGHUP", { 0 } },
	{ "sigaltstack", "signals", { 0 } },
	{ "tgkill", "abort: ends itself; Landlock bars others", { 0 } },
	{ "restart_syscall", "a wait goes on after a signal", { 0 } },
	{ "clock_gettime", "time, where the kernel has no faster way", { 0 } },
	{ "clock_getres", "time", { 0 } },
	{ "clock_nanosleep", "pauses", { 0 } },
	{ "nanosleep", "pauses", { 0 } },
	{ "gettimeofday", "time", { 0 } },
	{ "time", "time", { 0 } },
	{ "getrandom", "serials, nonces, keys of TLS", { 0 } },
	{ "getpid", "token: whether it was forked", { 0 } },
	{ "gettid", "threads", { 0 } },
	{ "getuid", "who this is", { 0 } },
	{ "geteuid", "who this is", { 0 } },
	{ "getgid", "who this is", { 0 } },
	{ "getegid", "who this is", { 0 } },
	{ "getrusage", "what it uses", { 0 } },
	{ "getrlimit", "sizes of stacks", { 0 } },
	{ "prlimit64", "sizes of stacks; its own limits only", { 0, 1, ALL, { 0 } } },
	{ "sysinfo", "memory", { 0 } },
	{ "uname", "libraries", { 0 } },
};
const size_t system_calls_allowed_count =
    sizeof(system_calls_allowed) / sizeof(system_calls_allowed[0]);

const struct system_call system_calls_network[] = {
	{ "socket", "cage.connect: TCP and DNS, IPv4", { 0, 1, ALL, { AF_INET } } },
	{ "socket", "cage.connect: TCP and DNS, IPv6", { 0, 1, ALL, { AF_INET6 } } },
	{ "socket", "cage.connect: which addresses there are",
	    { 0, 1, ALL, { AF_NETLINK } } },
	{ "bind", "cage.connect: which addresses there are", { 0 } },
	{ "recvmmsg", "cage.connect: DNS", { 0 } },
	{ "sendmmsg", "cage.connect: DNS", { 0 } },
	{ "ioctl", "cage.connect: how much can be read", { 0 } },
};
const size_t system_calls_network_count =
    sizeof(system_calls_network) / sizeof(system_calls_network[0]);

const struct system_call system_calls_deadly[] = {
	{ "execve", "another program", { 0 } },
	{ "execveat", "another program", { 0 } },
	{ "ptrace", "another process's memory", { 0 } },
	{ "process_vm_readv", "another process's memory", { 0 } },
	{ "process_vm_writev", "another process's memory", { 0 } },
	{ "pidfd_getfd", "another process's files", { 0 } },
	{ "bpf", "the kernel's insides", { 0 } },
	{ "init_module", "the kernel's insides", { 0 } },
	{ "finit_module", "the kernel's insides", { 0 } },
	{ "delete_module", "the kernel's insides", { 0 } },
	{ "kexec_load", "the kernel's insides", { 0 } },
	{ "userfaultfd", "the kernel's insides", { 0 } },
	{ "mount", "other file systems", { 0 } },
	{ "umount2", "other file systems", { 0 } },
	{ "pivot_root", "other file systems", { 0 } },
	{ "chroot", "other file systems", { 0 } },
	{ "open_by_handle_at", "files past their directories", { 0 } },
	{ "setns", "other namespaces", { 0 } },
	{ "unshare", "other namespaces", { 0 } },
	{ "setuid", "another user", { 0 } },
	{ "setresuid", "another user", { 0 } },
	{ "setgid", "another group", { 0 } },
	{ "setresgid", "another group", { 0 } },
	{ "setgroups", "another group", { 0 } },
};
const size_t system_calls_deadly_count =
    sizeof(system_calls_deadly) / sizeof(system_calls_deadly[0]);

static void
print_calls(FILE *out, const char *title, const struct system_call *calls, size_t count)
{
	fprintf(out, "%s\n", title);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "  %-18s %s\n", calls[i].name, calls[i].reason);
}

void
system_calls_print(FILE *out)
{
	print_calls(out, "allowed:", system_calls_allowed, system_calls_allowed_count);
	print_calls(out, "allowed with cage.connect:", system_calls_network,
	    system_calls_network_count);
	print_calls(
	    out, "end the process:", system_calls_deadly, system_calls_deadly_count);
	fprintf(out, "all others fail with EPERM, and clone3 with ENOSYS\n");
}
