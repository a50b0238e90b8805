/* drift: see drift.h. Pure arithmetic; watch thread. */
#include "source/wasapi/drift.h"

#include <math.h>

/* A step beyond this is a break, whatever the clock's grain. Some clocks go by
 * packets of 10 ms (Wine's does). */
static const double step_max_s = 0.025;
/* A step below this is none: what the system needs to read both clocks. */
static const double step_min_s = 0.001;
/* Steps this many times as large as is usual are breaks. */
static const double step_factor = 8.0;
/* From how many steps on it is known what is usual; how soon that is forgotten.
 */
enum { NOISE_POINTS = 8 };
static const double noise_share = 1.0 / 16.0;

static const double span_min_s = 10.0;
static const double error_max_ppm = 3.0;

static double absolute(double x)
{
    return x < 0.0 ? -x : x;
}

void drift_init(struct drift *d)
{
    *d = (struct drift){0};
}

void drift_break(struct drift *d)
{
    /* Two points make a line through both and tell nothing of errors. */
    if (d->begun && d->sums.points > 2.0) {
        d->before.points += d->sums.points;
        d->before.tt += d->sums.tt;
        d->before.te += d->sums.te;
        d->before.ee += d->sums.ee;
        d->before_stretches += 1.0;
        d->before_span += (double)(d->last_ns - d->first_ns) * 1e-9;
    }
    d->begun = false;
}

/* The sums about the means, brought forward by one point (Welford). */
static void take(struct drift *d, double t, double e)
{
    struct drift_sums *s = &d->sums;
    double dt = t - d->mean_t, de = e - d->mean_e;

    s->points += 1.0;
    d->mean_t += dt / s->points;
    d->mean_e += de / s->points;
    s->tt += dt * (t - d->mean_t);
    s->te += dt * (e - d->mean_e);
    s->ee += de * (e - d->mean_e);
}

static void begin(struct drift *d, int64_t now_ns, uint64_t position)
{
    d->begun = true;
    d->first_ns = d->last_ns = now_ns;
    d->first_position = position;
    d->last_error = d->mean_t = d->mean_e = 0.0;
    d->sums = (struct drift_sums){0};
    take(d, 0.0, 0.0);
}

/* Is a step of so many seconds a break? What is usual is learnt on the way. */
static bool is_break(struct drift *d, double step)
{
    double limit = step_max_s;

    if (d->noise_points >= NOISE_POINTS) {
        limit = d->noise * step_factor;
        limit = limit < step_min_s ? step_min_s : limit;
        limit = limit > step_max_s ? step_max_s : limit;
    }
    /* A break counts as no more than twice the limit, so that a clock which
     * becomes coarse is learnt too. */
    if (d->noise_points < NOISE_POINTS) {
        d->noise_points++;
        d->noise += (step > limit ? limit : step) / NOISE_POINTS;
    } else {
        d->noise += ((step > 2.0 * limit ? 2.0 * limit : step) - d->noise) *
                    noise_share;
    }
    return step > limit;
}

void drift_add(struct drift *d, int64_t now_ns, uint64_t position,
               uint64_t frequency)
{
    double t, e, step;

    if (frequency == 0)
        return;
    if (!d->begun || now_ns <= d->last_ns) {
        drift_break(d);
        begin(d, now_ns, position);
        return;
    }
    /* One that stands still, goes back or overflows steps far. */
    t = (double)(now_ns - d->first_ns) * 1e-9;
    e = (double)(position - d->first_position) / (double)frequency - t;
    step = absolute(e - d->last_error);
    if (is_break(d, step)) {
        drift_break(d);
        begin(d, now_ns, position);
        return;
    }
    d->last_ns = now_ns;
    d->last_error = e;
    take(d, t, e);
}

bool drift_ppm(const struct drift *d, double *ppm)
{
    struct drift_sums all = d->before;
    double stretches = d->before_stretches, span = d->before_span;
    double slope, freedom, left, error_ppm;

    if (d->begun && d->sums.points > 2.0) {
        all.points += d->sums.points;
        all.tt += d->sums.tt;
        all.te += d->sums.te;
        all.ee += d->sums.ee;
        stretches += 1.0;
        span += (double)(d->last_ns - d->first_ns) * 1e-9;
    }
    /* One slope for all, and each stretch has a beginning of its own. */
    freedom = all.points - stretches - 1.0;
    if (span < span_min_s || freedom < 1.0 || !(all.tt > 0.0))
        return false;
    slope = all.te / all.tt;
    left = all.ee - slope * all.te;
    error_ppm = left > 0.0 ? sqrt(left / freedom / all.tt) * 1e6 : 0.0;
    if (!(error_ppm <= error_max_ppm))
        return false;
    *ppm = slope * 1e6;
    return true;
}
