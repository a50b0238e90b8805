/* who_parts: what the files of who share: who.c decides, who_begin.c looks for
 * the first time, who_words.c tells people. Private to them. */
#ifndef LOOPREC_SOURCE_PULSE_WHO_PARTS_H
#define LOOPREC_SOURCE_PULSE_WHO_PARTS_H

#include "source/pulse/who.h"

/* --- who.c --- */

bool who_excludes(const struct who *w);
/* Is it a program that the caller has started? */
bool who_launched(const struct who *w);

struct who_process who_identity(const struct process_entry *p);
void who_add_member(struct who *w, struct who_process p);
void who_graft(struct who *w, struct who_process p);
void who_add_stranger(struct who *w, struct who_process p);
/* How S bears NAME, into its match and top. */
void who_match_name(const struct who *w, const struct process_list *list,
                    struct who_stream *s, const char *name);

/* Does it play, and nobody knows whose process it is? */
bool who_is_nameless(const struct who_stream *s);

/* Those of the streams that bear the name best. */
struct who_candidates {
    struct who_stream *first;
    size_t count; /* of independent trees */
};

/* Of those that play (PLAYS), or else of those that could. */
struct who_candidates who_candidates(struct who_stream *streams, bool plays);
/* Is S, of LIKE's kind, the first one of its tree among the streams? */
bool who_leads(const struct who_stream *streams, const struct who_stream *s,
               const struct who_stream *like);

void who_choose_process(struct who *w, struct who_process p, const char *name);
void who_choose_stream(struct who *w, struct who_stream *streams,
                       const struct who_stream *s);

/* --- who_words.c --- */

void who_label(struct who *w, const char *name, uint32_t pid);
/* ERR_APP_AMBIGUOUS, with those like LIKE as candidates. False. */
bool who_ambiguous(const struct who *w, struct who_stream *streams,
                   const struct who_stream *like, struct fault *f);
/* F, a number that is nobody's, is told with the names that have none. */
void who_add_nameless(struct who_stream *streams, struct fault *f);

void who_warn_ambiguous(const struct who *w, struct who_stream *streams,
                        const struct who_stream *like);
/* Another one of that name plays. */
void who_warn_other(const struct who *w, const struct who_stream *s);
/* S is silent. */
void who_warn_silence(const struct who *w, const struct who_stream *s);
/* A number was asked for, and S plays without one. */
void who_warn_nameless(const struct who *w, const struct who_stream *s);

#endif
