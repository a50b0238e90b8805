/* process: facts about this process. Any thread. */
#ifndef LOOPREC_SYS_PROCESS_H
#define LOOPREC_SYS_PROCESS_H

#include <stdint.h>

int64_t process_id(void);

/* Bytes of resident memory now and at its largest; 0: unknown. */
uint64_t process_resident_bytes(void);
uint64_t process_peak_resident_bytes(void);

/* Keep the machine awake while recording, and this process unthrottled
 * (Windows: ES_SYSTEM_REQUIRED, EcoQoS off; elsewhere nothing, see HACKING.md,
 * "Sleep"). The wish lasts as long as the calling thread, or until it is taken
 * back on that thread: the main thread's, from a session's start to its end.
 * It keeps nobody from putting the machine to sleep by hand. */
void process_keep_running(int on);

#endif
