/* processes: what Windows says of one of them. Any thread. */
#ifndef LOOPREC_SYS_WIN_PROCESSES_H
#define LOOPREC_SYS_WIN_PROCESSES_H

#include <stdint.h>
#include <windows.h>

/* When it was created, 100 ns units; 0: not to be had. */
uint64_t processes_born(HANDLE process);

#endif
