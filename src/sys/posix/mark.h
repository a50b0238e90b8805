/* mark: a word that tells one process of this machine from all others, to be
 * left on what may outlive it. From /proc, so Linux only. Any thread. */
#ifndef LOOPREC_SYS_POSIX_MARK_H
#define LOOPREC_SYS_POSIX_MARK_H

#include <stdbool.h>

enum { MARK_BYTES = 96 };

/* This process's: "PID.START.NAMESPACE.BOOT", letters, digits and dots. START
 * is in clock ticks since the boot (proc_pid_stat(5)), NAMESPACE the number of
 * the namespace in which PID counts (namespaces(7)), BOOT the first digits of
 * the kernel's id of the boot (random(4)). False: /proc does not tell. */
bool mark_make(char mark[MARK_BYTES]);

/* Is the process that left MARK proven to have ended? A zombie has. False
 * where it runs, or cannot be seen from here: MARK is of another machine, boot
 * or namespace, or no mark at all. */
bool mark_is_dead(const char *mark);

#endif
