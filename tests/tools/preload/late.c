/* late: a library for LD_PRELOAD in which one of the sound server's answers
 * about a stream's time, the LATE_ANSWER-th of all, tells of 65 ms less than
 * has passed: what reached us on a busy machine when the server was not
 * scheduled between measuring and answering. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>

#include <pulse/stream.h>

enum { LATE_USEC = 65000 };

const pa_timing_info *pa_stream_get_timing_info(pa_stream *s)
{
    static const pa_timing_info *(*own)(pa_stream *);
    static pa_timing_info late;
    static int answers;

    if (!own) {
        *(void **)&own = dlsym(RTLD_NEXT, "pa_stream_get_timing_info");
    }
    const pa_timing_info *told = own(s);
    const char *which = getenv("LATE_ANSWER");
    if (!told || !which || ++answers != atoi(which)) {
        return told;
    }
    late = *told;
    late.sink_usec += LATE_USEC;
    return &late;
}
