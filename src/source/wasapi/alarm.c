/* alarm: see alarm.h. Pure arithmetic; watch thread. */
#include "source/wasapi/alarm.h"

#include "source/wasapi/heard.h"

/* -60 dBFS: what is below may be an amplifier's hiss that a meter shows. */
static const double moving_peak = 0.001;

#define ALARM_NS INT64_C(3000000000)
/* Two looks farther apart (a computer that slept) tell of no more than this. */
#define LOOK_MAX_NS INT64_C(1000000000)

bool alarm_look(struct alarm *a, int64_t now_ns, double peak, int64_t heard_ns)
{
    int64_t passed_ns = a->looked_ns ? now_ns - a->looked_ns : 0;

    if (passed_ns < 0)
        passed_ns = 0;
    if (passed_ns > LOOK_MAX_NS)
        passed_ns = LOOK_MAX_NS;
    a->looked_ns = now_ns;
    if (heard_ns != a->heard_ns || heard_ns == HEARD_NOT_RUNNING) {
        *a = (struct alarm){.looked_ns = now_ns, .heard_ns = heard_ns};
        return false;
    }
    if (!(peak > moving_peak)) {
        /* Music has rests: a short one ends nothing. */
        a->still_ns += passed_ns;
        if (a->still_ns >= ALARM_NS)
            a->moving_ns = 0;
        return false;
    }
    a->still_ns = 0;
    a->moving_ns += passed_ns;
    if (a->told || a->moving_ns < ALARM_NS)
        return false;
    a->told = true;
    return true;
}
