/* alarm: is nothing recorded because nothing plays, or because what plays does
 * not arrive? Judged by the output's own meter. Pure arithmetic, no Windows
 * header, so that it is tested everywhere. Watch thread. */
#ifndef LOOPREC_SOURCE_WASAPI_ALARM_H
#define LOOPREC_SOURCE_WASAPI_ALARM_H

#include <stdbool.h>
#include <stdint.h>

struct alarm {
    int64_t looked_ns; /* the last look; 0: none */
    int64_t heard_ns;  /* what it saw */
    int64_t moving_ns; /* how long the meter moved and nothing was heard */
    int64_t still_ns;  /* how long the meter has been still */
    bool told;         /* in this episode, which ends when sound arrives */
};

/* A look at NOW_NS: the meter shows PEAK (linear; below 0: unknown) and sound
 * was last heard at HEARD_NS. True, once in an episode: the meter has moved for
 * three seconds and nothing but silence came. */
bool alarm_look(struct alarm *a, int64_t now_ns, double peak, int64_t heard_ns);

#endif
