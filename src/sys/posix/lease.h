/* lease: who has a file open for writing, as far as the system tells. Linux
 * only. Any thread. */
#ifndef LOOPREC_SYS_POSIX_LEASE_H
#define LOOPREC_SYS_POSIX_LEASE_H

#include <stdbool.h>

/* Is the regular file FD, open for reading only, certainly open for writing
 * somewhere, here or in another process? False where that cannot be told:
 * another user's file, a file system without leases or of another machine. */
bool lease_tells_writer(int fd);

#endif
