/* process: facts about this process, from /proc and getrusage. Any thread. */
#include "sys/process.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

int64_t process_id(void)
{
    return getpid();
}

uint64_t process_resident_bytes(void)
{
    /* "size resident shared ...", in pages: proc_pid_statm(5). */
    FILE *statm = fopen("/proc/self/statm", "re");
    if (!statm) {
        return 0;
    }
    uint64_t size, resident;
    int got = fscanf(statm, "%" SCNu64 " %" SCNu64, &size, &resident);
    fclose(statm);
    long page = sysconf(_SC_PAGESIZE);
    return got == 2 && page > 0 ? resident * (uint64_t)page : 0;
}

uint64_t process_peak_resident_bytes(void)
{
    struct rusage u;
    if (getrusage(RUSAGE_SELF, &u) != 0) {
        return 0;
    }
    return (uint64_t)u.ru_maxrss * 1024; /* KiB on Linux: getrusage(2) */
}

void process_keep_running(int on)
{
    (void)on; /* Keeping a desktop awake is its session manager's (D-Bus). */
}
