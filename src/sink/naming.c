/* naming: what a recording is called when nobody says. Any thread. */
#include <stdio.h>
#include <time.h>

#include "sink/sink.h"
#include "sys/clock.h"

void sink_default_name(char *buffer, size_t size, enum sink_type type,
                       int64_t wall_ns)
{
    struct tm local = {0};
    char stamp[32];

    clock_local(wall_ns, &local);
    if (strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &local) == 0)
        stamp[0] = '\0';
    snprintf(buffer, size, "looprec-%s.%s", stamp, sink_type_name(type));
}
