/* process.c - a number for each process of a family. */
#include "client/process.h"

#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t
page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

void
process_init(struct process *process)
{
	void *page = mmap(NULL, page_bytes(), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	process->page = NULL;
	atomic_init(&process->last, 0);
	if (page == MAP_FAILED)
		return;
	if (madvise(page, page_bytes(), MADV_WIPEONFORK) != 0) {
		munmap(page, page_bytes());
		return;
	}
	process->page = page;
	atomic_init(process->page, 0);
}

void
process_clear(struct process *process)
{
	if (process->page != NULL)
		munmap((void *)process->page, page_bytes());
	process->page = NULL;
}

uint64_t
process_number(struct process *process)
{
	uint64_t number, next;

	if (process->page == NULL)
		return (uint64_t)getpid();
	number = atomic_load_explicit(process->page, memory_order_relaxed);
	if (number != 0)
		return number;
	/* Counted before it is used: a fork in between makes the child skip it. */
	next = atomic_fetch_add(&process->last, 1) + 1;
	return atomic_compare_exchange_strong(process->page, &number, next) ? next
									    : number;
}
