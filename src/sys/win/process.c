/* process: facts about this process, and what it asks of the system's power
 * management. Any thread. */
#include "sys/process.h"

#include <windows.h>

#include <psapi.h>

#include "sys/win/dll.h"

int64_t process_id(void)
{
    return (int64_t)GetCurrentProcessId();
}

static BOOL memory(PROCESS_MEMORY_COUNTERS *c)
{
    c->cb = sizeof(*c);
    /* kernel32's, so that psapi.dll need not be loaded. */
    return K32GetProcessMemoryInfo(GetCurrentProcess(), c, sizeof(*c));
}

uint64_t process_resident_bytes(void)
{
    PROCESS_MEMORY_COUNTERS c;
    return memory(&c) ? c.WorkingSetSize : 0;
}

uint64_t process_peak_resident_bytes(void)
{
    PROCESS_MEMORY_COUNTERS c;
    return memory(&c) ? c.PeakWorkingSetSize : 0;
}

/* Windows 11 throttles programs without a visible window (EcoQoS), and lets
 * them have coarse timers only. Say that neither suits us. The structure and
 * the function's classes are younger than some header sets: processthreadsapi.h
 * (ProcessPowerThrottling is 4, both flags as in the documentation). */
static void set_throttling(int allowed)
{
    typedef BOOL WINAPI set_fn(HANDLE, int, LPVOID, DWORD);
    struct {
        ULONG version, control, state;
    } power = {1, 0, 0};
    enum { CLASS = 4, EXECUTION_SPEED = 1, IGNORE_TIMER_RESOLUTION = 4 };
    set_fn *set =
        (set_fn *)dll_function(L"kernel32.dll", "SetProcessInformation");
    if (!set) {
        return;
    }
    /* Control without state: off for certain. No control: the system's way. */
    power.control = allowed ? 0 : EXECUTION_SPEED | IGNORE_TIMER_RESOLUTION;
    if (!set(GetCurrentProcess(), CLASS, &power, sizeof(power)) && !allowed) {
        power.control = EXECUTION_SPEED; /* Windows 10 knows no second one */
        set(GetCurrentProcess(), CLASS, &power, sizeof(power));
    }
}

void process_keep_running(int on)
{
    /* ES_CONTINUOUS holds as long as the calling thread lives, or until the
     * next call: so this is for a thread that lives as long as the recording.
     */
    SetThreadExecutionState(on ? ES_CONTINUOUS | ES_SYSTEM_REQUIRED
                               : ES_CONTINUOUS);
    set_throttling(!on);
}
