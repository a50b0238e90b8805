/* fuzz_timeline: packets as a device hands them over, with what goes wrong in
 * the field, and a writer that places them as session/reader does. The first
 * byte says how far the device is to be believed (enum world), the second what
 * the recording asks for; each byte that follows is an event, with its numbers
 * behind it.
 *
 * The account adds up to the file's length, nothing is negative, nothing lies
 * beyond the limit, a stop is exact. Whatever comes, the file is never longer
 * than timeline_tell_now promises: the time that passed and one packet, and
 * what stamps may be ahead and a crystal does. Where the stamps are right, or
 * there is none, it is the time that passed and one packet. */
#include "fuzz/timeline_world.h"

static const uint32_t rates[] = {48000, 44100, 96000, 8000, 1000, 768000};

static uint32_t some_rate(struct input *in)
{
    return rates[input_number(in, 1) % (sizeof rates / sizeof rates[0])];
}

static void pass_time(struct bench *b, int64_t ns)
{
    b->now_ns += ns;
    b->passed_ns += ns;
}

/* --- the writer --- */

static void pass_sleep(struct bench *b, int64_t time_ns)
{
    struct plan plan;
    uint64_t before = b->t.at;
    if (timeline_sleep_due(&b->t, time_ns)) {
        TELL(b, "sleep passed before %" PRId64 " us\n", us(time_ns));
        int64_t kept_ns = b->sleep_kept ? b->t.suspend.length_ns : 0;
        uint64_t frame = timeline_pass_sleep(&b->t, &plan);
        take_plan(b, &plan, NULL, before);
        REQUIRE(frame >= before && frame <= b->t.at);
        REQUIRE(b->world != EXACT || b->vague || b->t.at == b->limit ||
                b->t.at - frame ==
                    (uint64_t)frames_from_ns(kept_ns, b->t.rate));
    }
}

static const struct packet *queued(const struct bench *b, unsigned i)
{
    return &b->queue[(b->first + i) % QUEUE];
}

static void place_audio(struct bench *b, const struct packet *p, bool quiet)
{
    struct plan plan;
    int64_t time_ns = p->time_ns;
    uint64_t frames = 0;

    if (timeline_wants_look(&b->t, p)) {
        for (unsigned i = 0; i < b->count; i++) {
            if (!timeline_refine(&b->t, p, queued(b, i), &frames, &time_ns)) {
                break;
            }
        }
    }
    if (time_ns != PACKET_NO_TIME) {
        pass_sleep(b, time_ns);
    } else if (p->lost_before == 0) {
        pass_sleep(b, b->reached_ns);
    }
    TELL(b,
         "place %u frames of %" PRId64 " us (%" PRId64 "), position %" PRIu64
         ", lost %" PRIu64 ", flags %x\n",
         p->frames, us(p->time_ns), us(time_ns), p->position, p->lost_before,
         p->flags);
    uint64_t before = b->t.at;
    timeline_place(&b->t, p, time_ns, quiet, &plan);
    take_plan(b, &plan, p, before);
}

static void tell_now(struct bench *b)
{
    if (!b->untold) {
        timeline_tell_now(&b->t, b->now_ns);
    }
}

/* The oldest packet. */
static void write_one(struct bench *b, bool quiet)
{
    const struct packet *p = queued(b, 0);
    struct plan plan;

    if (b->count == 0) {
        return;
    }
    tell_now(b);
    if (p->kind == PACKET_AUDIO) {
        place_audio(b, p, quiet);
    } else {
        bool gone = p->kind == PACKET_GONE;
        pass_sleep(b, p->time_ns);
        TELL(b, "%s at %" PRId64 " us\n", gone ? "gone" : "back",
             us(p->time_ns));
        uint64_t before = b->t.at;
        if (gone) {
            timeline_gone(&b->t, p->time_ns, p->lost_before, &plan);
        } else {
            timeline_back(&b->t, p->time_ns, p->length_ns, &plan);
        }
        take_plan(b, &plan, NULL, before);
        if (!gone) {
            timeline_reformat(&b->t, p->format.rate);
        }
    }
    b->first = (b->first + 1) % QUEUE;
    b->count--;
}

static void write_all(struct bench *b)
{
    while (b->count > 0) {
        write_one(b, false);
    }
}

/* Nothing waits: silence up to the source's word. */
static void write_idle(struct bench *b)
{
    struct plan plan;
    write_all(b);
    tell_now(b);
    if (b->reached_ns == PACKET_NO_TIME) {
        return;
    }
    pass_sleep(b, b->reached_ns);
    uint64_t before = b->t.at;
    if (timeline_time(&b->t, before) < b->reached_ns) {
        TELL(b, "idle to %" PRId64 " us\n", us(b->reached_ns));
        timeline_idle(&b->t, b->reached_ns, &plan);
        take_plan(b, &plan, NULL, before);
    }
}

/* --- the device --- */

static void push(struct bench *b, struct packet p)
{
    if (b->count == QUEUE) {
        write_one(b, false);
    }
    p.lost_before = b->dropped;
    b->dropped = 0;
    b->queue[(b->first + b->count++) % QUEUE] = p;
}

/* How the stamp and position of a packet come out, of LENGTH_NS, read now. */
static void stamp(struct bench *b, struct input *in, struct packet *p,
                  int64_t length_ns)
{
    uint64_t how = input_number(in, 1);

    p->time_ns = b->device_ns;
    p->position = b->position;
    if (b->world == CHAOS && (how & 4) != 0) {
        p->time_ns = (int64_t)input_number(in, 8) / 4;
        p->position = input_number(in, 8);
    }
    if (b->world == LATE && (how & 8) != 0) {
        int64_t read_ns = b->now_ns - length_ns;
        int64_t late_ns = read_ns - b->device_ns;
        late_ns = late_ns < LATE_NS ? late_ns : LATE_NS;
        b->latest_ns = b->latest_ns > late_ns ? b->latest_ns : late_ns;
        p->time_ns = b->device_ns + late_ns;
    }
    if ((how & 1) != 0) {
        p->time_ns = PACKET_NO_TIME;
    }
    if ((how & 2) != 0) {
        p->position = PACKET_NO_POSITION;
    }
    if ((how & 16) != 0) {
        p->flags |= PACKET_DISCONTINUITY;
    }
    if ((how & 32) != 0) {
        p->idle_ns = b->reached_ns;
    }
}

/* A packet can be of so many frames. In the chaos of any rate: the slowest. */
static void know_length(struct bench *b, uint32_t frames, uint32_t rate)
{
    int64_t length_ns = frames_to_ns(frames, b->world == CHAOS ? 1000 : rate);
    b->longest_ns = b->longest_ns > length_ns ? b->longest_ns : length_ns;
}

/* COUNT packets of one length; the clock goes on where it has to. */
static void play(struct bench *b, struct input *in)
{
    uint64_t count = input_number(in, 1) % 16;
    uint32_t frames = 1 + (uint32_t)(input_number(in, 2) % PERIOD_MOST);
    int64_t length_ns = frames_to_ns(frames, b->rate);

    for (uint64_t i = 0; i <= count && !b->away; i++) {
        struct packet p = {
            .kind = PACKET_AUDIO, .frames = frames, .idle_ns = PACKET_NO_TIME};
        if (b->device_ns + length_ns > b->now_ns) {
            pass_time(b, b->device_ns + length_ns - b->now_ns);
        }
        stamp(b, in, &p, length_ns);
        push(b, p);
        know_length(b, frames, b->rate);
        b->device_ns += length_ns;
        b->position += frames;
    }
}

/* Frames that are played, and do not arrive. TOLD: it is known. */
static void lose(struct bench *b, struct input *in, bool told)
{
    uint64_t frames = input_number(in, 2);
    int64_t length_ns = frames_to_ns((int64_t)frames, b->rate);
    if (b->away) {
        return;
    }
    b->device_ns += length_ns;
    b->position += frames;
    b->dropped += told ? frames : 0;
    if (b->device_ns > b->now_ns) {
        pass_time(b, b->device_ns - b->now_ns);
    }
}

/* Nothing plays for a while, and the source says so. */
static void pause_device(struct bench *b, struct input *in)
{
    uint64_t flags = input_number(in, 1);
    pass_time(b, (int64_t)input_number(in, 2) * MS);
    if (b->dropped > 0) {
        push(b, (struct packet){.kind = PACKET_AUDIO,
                                .flags = PACKET_SILENT,
                                .time_ns = PACKET_NO_TIME,
                                .position = PACKET_NO_POSITION,
                                .idle_ns = PACKET_NO_TIME});
    }
    if ((flags & 1) != 0) { /* its count goes on */
        b->position +=
            (uint64_t)frames_from_ns(b->now_ns - b->device_ns, b->rate);
    }
    b->device_ns = b->now_ns;
    b->reached_ns = b->now_ns;
    if ((flags & 2) != 0) {
        write_idle(b);
    }
}

static void leave(struct bench *b)
{
    if (!b->away) {
        push(b, (struct packet){.kind = PACKET_GONE,
                                .time_ns = b->now_ns,
                                .idle_ns = PACKET_NO_TIME});
        b->away = true;
    }
}

static void come_back(struct bench *b, struct input *in)
{
    int64_t begin_ns = b->now_ns;
    int64_t length_ns = (int64_t)input_number(in, 1) * MS;

    if (!b->away) {
        return;
    }
    pass_time(b, length_ns);
    b->rate = some_rate(in);
    push(b, (struct packet){.kind = PACKET_FORMAT,
                            .time_ns = begin_ns,
                            .length_ns = length_ns,
                            .idle_ns = PACKET_NO_TIME,
                            .format = {.rate = b->rate, .channels = 2}});
    b->away = false;
    b->device_ns = b->now_ns;
    b->position = 0;
}

/* The machine sleeps; the writer hears of it when it is awake. */
static void fall_asleep(struct bench *b, struct input *in)
{
    int64_t length_ns = S + (int64_t)input_number(in, 2) * MS;
    int64_t from_ns = b->now_ns;

    b->vague |= b->t.suspend.length_ns > 0;
    b->now_ns += b->sleep_counted ? length_ns : 0;
    b->passed_ns += b->sleep_kept ? length_ns : 0;
    pass_time(b, (1 + (int64_t)input_number(in, 1)) * MS);
    TELL(b, "slept %" PRId64 " us from %" PRId64 "\n", length_ns / 1000,
         us(from_ns));
    struct suspend slept = suspend_between(from_ns, b->now_ns, length_ns,
                                           b->sleep_counted, b->sleep_kept);
    timeline_expect_sleep(&b->t, &slept);
    for (unsigned i = 0; i < b->count; i++) {
        const struct packet *p = queued(b, i);
        b->vague |= p->time_ns == PACKET_NO_TIME && p->frames > 0;
    }
    b->device_ns = b->now_ns;
}

/* Anything at all, as no source says it. */
static void say_anything(struct bench *b, struct input *in)
{
    struct packet p = {.kind = PACKET_AUDIO,
                       .flags = (uint32_t)input_number(in, 1),
                       .frames = (uint32_t)input_number(in, 3),
                       .time_ns = (int64_t)input_number(in, 8),
                       .position = input_number(in, 8),
                       .idle_ns = (int64_t)input_number(in, 8)};
    uint64_t kind = input_number(in, 1) % 8;

    if (b->world != CHAOS) {
        return;
    }
    b->dropped = input_number(in, 8);
    if (kind == 0) {
        b->reached_ns = p.time_ns;
        return;
    }
    if (kind == 1) {
        p.kind = PACKET_GONE;
    } else if (kind == 2) {
        p.kind = PACKET_FORMAT;
        p.length_ns = p.idle_ns;
        p.format = (struct audio_format){.rate = some_rate(in), .channels = 2};
    }
    know_length(b, p.frames, b->rate);
    push(b, p);
}

/* Another timeline goes on beside this one. */
static void join(struct bench *b)
{
    struct timeline other = b->t;
    TELL(b, "another timeline joins\n");
    timeline_join(&b->t, &other, other.at);
    timeline_reformat(&b->t, other.run_rate);
}

/* --- the recording --- */

static void step(struct bench *b, struct input *in)
{
    switch (input_number(in, 1) % 12) {
    case 0:
    case 1: play(b, in); break;
    case 2: lose(b, in, true); break;
    case 3: lose(b, in, false); break;
    case 4: pause_device(b, in); break;
    case 5: pass_time(b, (int64_t)input_number(in, 2) * MS / 8); break;
    case 6: write_one(b, input_number(in, 1) % 2 != 0); break;
    case 7: leave(b); break;
    case 8: come_back(b, in); break;
    case 9: fall_asleep(b, in); break;
    case 10: say_anything(b, in); break;
    case 11: join(b); break;
    }
}

/* Stop, and place what was played until then. */
static void finish(struct bench *b)
{
    struct plan plan;
    int64_t stop_ns = b->now_ns;
    double ppm;

    TELL(b, "stop at %" PRId64 " us\n", us(stop_ns));
    timeline_set_stop(&b->t, stop_ns);
    uint64_t limit = b->t.limit;
    REQUIRE(limit <= b->limit && limit >= b->t.at);
    b->limit = limit;
    write_all(b);
    tell_now(b);
    pass_sleep(b, stop_ns);
    uint64_t before = b->t.at;
    timeline_finish(&b->t, stop_ns, b->dropped, &plan);
    take_plan(b, &plan, NULL, before);
    if (b->world == EXACT && !b->vague) {
        int64_t end_ns = b->passed_ns;
        uint64_t end = (uint64_t)frames_from_ns(end_ns, b->t.rate);
        REQUIRE(b->t.at == limit || b->t.at + 1 >= end);
    }
    (void)timeline_drift(&b->t, &ppm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct bench b = {.world = input_number(&in, 1) % WORLDS,
                      .now_ns = START,
                      .device_ns = START,
                      .reached_ns = PACKET_NO_TIME,
                      .limit = UINT64_MAX};
    uint64_t wish = input_number(&in, 1);

    b.told = getenv("FUZZ_TRACE") != NULL;
    b.sleep_counted = (wish & 1) != 0;
    b.sleep_kept = (wish & 2) != 0;
    b.untold = (wish & 8) != 0;
    if ((wish & 4) != 0) {
        b.limit = input_number(&in, 3);
    }
    timeline_init(&b.t, some_rate(&in), START, b.limit, 250 * MS);
    b.rate = some_rate(&in);
    timeline_reformat(&b.t, b.rate);
    for (int i = 0; i < 1000 && in.size > 0; i++) {
        step(&b, &in);
    }
    finish(&b);
    return 0;
}
