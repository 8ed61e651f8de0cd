/*
 * process.h - which process this is, without a system call.
 *
 * The number lies in a page that the kernel empties in a forked child (MADV_WIPEONFORK,
 * Linux 4.14), so a child finds none there and takes a new one, which no process that it
 * descends from has had: unlike a pid, which may come back. A kernel that cannot do that
 * is asked for the pid each time.
 */
#ifndef CLIENT_PROCESS_H
#define CLIENT_PROCESS_H

#include <stdatomic.h>
#include <stdint.h>

struct process {
	_Atomic uint64_t *page; /* NULL: ask for the pid */
	_Atomic uint64_t last;  /* survives a fork: the newest number that was taken */
};

/* Cannot fail. */
void process_init(struct process *process);
void process_clear(struct process *process);

/* Never 0; the same in all threads of a process. */
uint64_t process_number(struct process *process);

#endif
