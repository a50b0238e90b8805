/* process: facts about this process. Any thread. */
#ifndef LOOPREC_SYS_PROCESS_H
#define LOOPREC_SYS_PROCESS_H

#include <stdint.h>

int64_t process_id(void);

/* Bytes of resident memory now and at its largest; 0: unknown. */
uint64_t process_resident_bytes(void);
uint64_t process_peak_resident_bytes(void);

/* Keep the machine awake while recording, and this process unthrottled
 * (Windows: ES_SYSTEM_REQUIRED, EcoQoS off; elsewhere nothing). */
void process_keep_running(int on);

#endif
