/* survey: what a sink of our own has to know of a server before it is made: the
 * sinks with who made them, and what a new sink would do to the default. */
#ifndef LOOPREC_SOURCE_PULSE_SURVEY_H
#define LOOPREC_SOURCE_PULSE_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/pulse/link.h"
#include "sys/posix/mark.h"

/* The property by which our sinks are known, a mark. */
#define SURVEY_OWNER "looprec.owner"

/* One sink. */
struct survey_sink {
    uint32_t index;
    uint32_t module; /* that made it; PA_INVALID_INDEX: none */
    char name[256];
    char owner[MARK_BYTES]; /* empty: none of ours */
};

struct survey {
    struct survey_sink *sinks; /* malloc; survey_free */
    size_t count;
    char default_sink[256]; /* empty: none */
    char stand_in[256];     /* what the server makes where there is no output */
    bool grabs;             /* it makes each new sink the default */
    bool no_memory;
};

/* Ask. False: SOURCE_FAILED, NO_SERVER, NO_MEMORY in F; nothing to free. */
bool survey_take(struct link *l, struct survey *s, int64_t deadline_ns,
                 struct fault *f);
void survey_free(struct survey *s);

/* NULL: not there. */
const struct survey_sink *survey_find(const struct survey *s, const char *name);

/* Would the default output stay as it is if a sink of ours came? */
bool survey_bears_one_more(const struct survey *s);

/* What a module's ARGUMENT, as pactl takes it, says of KEY ("key="). */
void survey_argument(char *value, size_t size, const char *argument,
                     const char *key);

#endif
