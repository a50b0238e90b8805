/* pulse_probe: runs the pulse source against a real server and tells what it
 * handed over, for tests and for measuring stamps.
 *
 *     pulse_probe [-D NAME] [-n] [-d SECONDS] [-m LATENCY_MS] [-w FILE]
 *                 [-p FILE] [-L]
 *
 * -n: do not follow; -w: the samples as they came, in the source's type; -p:
 * one line a packet (arrival, stamp, position, frames, flags, lost; times in
 * microseconds of CLOCK_MONOTONIC); -L: list the devices and end. Standard
 * output gets lines of KEY VALUE, and EVENT lines for losses. The main thread
 * stops the recording; the capture thread does all else. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/format.h"
#include "source/pulse/pulse.h"
#include "sys/clock.h"
#include "sys/thread.h"

struct seen {
    int64_t arrival_ns;
    struct packet packet;
};

struct probe {
    struct source *source;
    int64_t begin_ns;
    FILE *samples;
    FILE *packets;
    struct source_info info;
    size_t frame_bytes;
    uint64_t frames, packet_count, flagged, lost, zero_frames;
    int64_t idle_ns, idle_back, early_after_idle;
    int64_t first_ns, end_ns;
    /* stamps less positions: the spread of the origin, and its steps */
    bool have_origin;
    int64_t origin_ns, origin_min_ns, origin_max_ns, step_min_ns;
    uint64_t next_position, position_breaks;
    int64_t latest_age_ns;
    int64_t returned_ns;
    _Atomic int done;
};

static bool all_zero(const unsigned char *data, size_t bytes)
{
    return bytes == 0 ||
           (data[0] == 0 && memcmp(data, data + 1, bytes - 1) == 0);
}

static void note_stamp(struct probe *p, const struct packet *packet)
{
    uint32_t rate = p->info.format.rate;
    int64_t origin =
        packet->time_ns - frames_to_ns((int64_t)packet->position, rate);
    if (!p->have_origin) {
        p->have_origin = true;
        p->origin_min_ns = p->origin_max_ns = origin;
        p->first_ns = packet->time_ns;
    } else {
        int64_t step = origin - p->origin_ns;
        p->step_min_ns = step < p->step_min_ns ? step : p->step_min_ns;
        p->origin_min_ns =
            origin < p->origin_min_ns ? origin : p->origin_min_ns;
        p->origin_max_ns =
            origin > p->origin_max_ns ? origin : p->origin_max_ns;
        p->position_breaks += packet->position != p->next_position;
    }
    p->origin_ns = origin;
    p->next_position = packet->position + packet->frames;
    p->end_ns = packet->time_ns + frames_to_ns(packet->frames, rate);
}

static void on_packet(void *context, const struct packet *packet,
                      const void *data, enum sample_type type)
{
    struct probe *p = context;
    int64_t now = clock_now_ns();
    size_t bytes = packet->frames * p->frame_bytes;

    note_stamp(p, packet);
    int64_t age = now - packet->time_ns;
    p->latest_age_ns = age > p->latest_age_ns ? age : p->latest_age_ns;
    if (p->idle_ns != INT64_MIN && packet->time_ns < p->idle_ns - 1000000) {
        int64_t early = p->idle_ns - packet->time_ns;
        p->early_after_idle =
            early > p->early_after_idle ? early : p->early_after_idle;
    }
    p->packet_count++;
    p->frames += packet->frames;
    p->lost += packet->lost_before;
    p->flagged += packet->flags != 0;
    p->zero_frames += all_zero(data, bytes) ? packet->frames : 0;
    if (p->samples != NULL) {
        fwrite(data, 1, bytes, p->samples);
    }
    if (p->packets != NULL) {
        fprintf(p->packets,
                "%" PRId64 " %" PRId64 " %" PRIu64 " %u %u %" PRIu64 " %d\n",
                now / 1000, packet->time_ns / 1000, packet->position,
                packet->frames, packet->flags, packet->lost_before, (int)type);
    }
}

static void on_idle(void *context, int64_t time_ns)
{
    struct probe *p = context;
    p->idle_back += p->idle_ns != INT64_MIN && time_ns < p->idle_ns;
    p->idle_ns = time_ns;
    if (p->packets != NULL) {
        fprintf(p->packets, "idle %" PRId64 " %" PRId64 "\n",
                clock_now_ns() / 1000, time_ns / 1000);
    }
}

static double seconds(const struct probe *p)
{
    return (double)(clock_now_ns() - p->begin_ns) / 1e9;
}

static bool open_source(struct probe *p, struct fault *f)
{
    memset(&p->info, 0, sizeof p->info);
    if (!p->source->ops->open(p->source, &p->info, f)) {
        return false;
    }
    p->frame_bytes =
        sample_bytes(p->info.format.native) * p->info.format.channels;
    p->have_origin = false;
    printf("EVENT %.3f open %s rate %u channels %u mask 0x%x type %s (%s)\n",
           seconds(p), p->info.device_id, p->info.format.rate,
           p->info.format.channels, p->info.format.channel_mask,
           sample_name(p->info.format.native), p->info.device_name);
    return true;
}

static bool stopped(struct probe *p)
{
    return atomic_load_explicit(&p->done, memory_order_acquire) != 0;
}

static void capture(void *argument)
{
    struct probe *p = argument;
    const struct source_ops *ops = p->source->ops;
    const struct outlet outlet = {
        .context = p, .packet = on_packet, .idle = on_idle};
    for (;;) {
        struct fault f = {.err = ERR_OK};
        enum source_end end = ops->run(p->source, &outlet, &f);
        p->returned_ns = clock_now_ns();
        ops->close(p->source);
        if (end == SOURCE_INTERRUPTED) {
            return;
        }
        printf("EVENT %.3f %s %s\n", seconds(p),
               end == SOURCE_LOST ? "lost" : "rerouted", f.detail);
        while (!stopped(p) && !open_source(p, &f)) {
            printf("EVENT %.3f still-away %s\n", seconds(p), f.detail);
            ops->wait(p->source, INT64_C(1000000000));
        }
        if (stopped(p)) {
            return;
        }
    }
}

static int list_devices(void)
{
    struct device_list list = {.items = NULL};
    struct fault f = {.err = ERR_OK};
    if (!pulse_system.list("pulse_probe", &list, &f)) {
        printf("FAULT %s %s: %s\n", error_name(f.err), f.op, f.detail);
        return error_exit_code(f.err);
    }
    for (size_t i = 0; i < list.count; i++) {
        const struct device *d = &list.items[i];
        printf("%c %u %s | %s | %u Hz %u ch 0x%x %s %s\n",
               d->is_default ? '*' : ' ', d->index, d->id, d->name,
               d->format.rate, d->format.channels, d->format.channel_mask,
               sample_name(d->format.native), d->state);
    }
    device_list_free(&list);
    return 0;
}

static void report(const struct probe *p, int64_t stop_ns)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    printf("frames %" PRIu64 "\npackets %" PRIu64 "\nzero_frames %" PRIu64
           "\nlost %" PRIu64 "\nflagged %" PRIu64 "\nposition_breaks %" PRIu64
           "\n",
           p->frames, p->packet_count, p->zero_frames, p->lost, p->flagged,
           p->position_breaks);
    printf("origin_spread_us %" PRId64 "\norigin_step_back_us %" PRId64
           "\noldest_us %" PRId64 "\nidle_back %" PRId64
           "\nearly_after_idle_us %" PRId64 "\n",
           (p->origin_max_ns - p->origin_min_ns) / 1000, p->step_min_ns / 1000,
           p->latest_age_ns / 1000, p->idle_back, p->early_after_idle / 1000);
    printf("first_us %" PRId64 "\nend_us %" PRId64 "\nstop_us %" PRId64
           "\nidle_us %" PRId64 "\nend_after_stop_us %" PRId64
           "\ntail_us %" PRId64 "\ncpu_ms %ld\nswitches %ld\n",
           p->first_ns / 1000, p->end_ns / 1000, stop_ns / 1000,
           p->idle_ns / 1000, (p->end_ns - stop_ns) / 1000,
           (p->returned_ns - stop_ns) / 1000,
           (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
               (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000,
           u.ru_nvcsw);
}

static int record(struct probe *p, const struct source_request *request,
                  double length)
{
    struct fault f = {.err = ERR_OK};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);

    p->idle_ns = INT64_MIN;
    p->begin_ns = clock_now_ns();
    p->source = pulse_system.ops->create(request, &f);
    struct thread *thread = NULL;
    if (p->source != NULL && open_source(p, &f)) {
        thread = thread_start("capture", capture, p, &f);
    }
    if (thread == NULL) {
        printf("FAULT %s %s: %s (%s)\n", error_name(f.err), f.op, f.detail,
               f.hint);
        pulse_system.ops->destroy(p->source);
        return error_exit_code(f.err);
    }
    struct timespec wait = {.tv_sec = (time_t)length};
    wait.tv_nsec = (long)((length - (double)wait.tv_sec) * 1e9);
    while (sigtimedwait(&set, NULL, &wait) < 0 && errno == EINTR) {
    }
    int64_t stop_ns = clock_now_ns();
    atomic_store_explicit(&p->done, 1, memory_order_release);
    p->source->ops->interrupt(p->source, stop_ns);
    thread_join(thread);
    report(p, stop_ns);
    p->source->ops->destroy(p->source);
    return 0;
}

int main(int argc, char **argv)
{
    struct source_request request = {.follow = true,
                                     .latency_ns = INT64_C(20000000),
                                     .client_name = "pulse_probe"};
    struct probe p = {.done = 0};
    double length = 2;
    int option;
    setvbuf(stdout, NULL, _IOLBF, 0);
    while ((option = getopt(argc, argv, "D:nd:m:w:p:L")) != -1) {
        switch (option) {
        case 'D': request.device = optarg; break;
        case 'n': request.follow = false; break;
        case 'd': length = strtod(optarg, NULL); break;
        case 'm':
            request.latency_ns = strtoll(optarg, NULL, 10) * 1000000;
            break;
        case 'w': p.samples = fopen(optarg, "wb"); break;
        case 'p': p.packets = fopen(optarg, "w"); break;
        case 'L': return list_devices();
        default: return 2;
        }
    }
    int status = record(&p, &request, length);
    if (p.samples != NULL) {
        fclose(p.samples);
    }
    if (p.packets != NULL) {
        fclose(p.packets);
    }
    return status;
}
