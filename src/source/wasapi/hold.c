/* hold: see hold.h. */
#include "source/wasapi/hold.h"

#include "sys/win/processes.h"

enum hold hold_take(const struct target *t, HANDLE *handle)
{
    HANDLE h = OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION,
                           FALSE, t->pid);
    uint64_t time;

    *handle = NULL;
    if (!h && GetLastError() == ERROR_INVALID_PARAMETER)
        return HOLD_GONE; /* OpenProcess, remarks: there is no such process */
    if (!h)
        h = OpenProcess(SYNCHRONIZE, FALSE, t->pid);
    if (!h)
        return HOLD_NONE;
    time = processes_born(h);
    if (WaitForSingleObject(h, 0) == WAIT_OBJECT_0 ||
        (time && t->born && time != t->born)) {
        CloseHandle(h);
        return HOLD_GONE;
    }
    *handle = h;
    return HOLD_KEPT;
}
