/* who: which of a sound server's streams are meant by a request for
 * applications. Pure: processes and streams are given as data, and warnings go
 * to the request's listener. One thread at a time: the roster's, or the capture
 * thread while there is none.
 *
 * --app=NAME means one tree of processes, and what plays decides which: the
 * topmost process whose executable bears the name; where no such plays, the
 * application that calls itself so; where neither does, a process of that
 * executable that runs. Two of a kind are ambiguous, and the recording does not
 * begin. Once chosen it stays that tree, though others of that name play; when
 * it has ended, the next one of that name is chosen. So the scope never widens.
 *
 * A process that once was in a tree stays in it when its parent ends, as far as
 * it was seen there: with a stream, or by who_follow. */
#ifndef LOOPREC_SOURCE_PULSE_WHO_H
#define LOOPREC_SOURCE_PULSE_WHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/source.h"
#include "source/target.h"

/* In the place of a sink input's index: somebody who is connected and plays
 * nothing. */
#define WHO_PLAYS_NOTHING UINT32_MAX

struct who_process {
    uint32_t pid;
    uint64_t born;
};

/* How a stream bears a name that was asked for. */
enum who_match {
    WHO_OTHER,       /* it does not */
    WHO_EXECUTABLE,  /* its process or one above it is of that executable */
    WHO_APPLICATION, /* it calls itself so */
    WHO_NAMELESS,    /* it does, and whose process it is nobody knows */
};

/* One stream. The server's: all of it may be hostile. */
struct who_stream {
    struct who_stream *next;
    /* given; names are raw */
    uint32_t input;        /* or WHO_PLAYS_NOTHING */
    uint32_t process_id;   /* 0: not known for certain */
    char name[256];        /* for people */
    char application[256]; /* what it calls itself; or empty */
    bool ours;             /* a looprec's */
    bool relay;            /* passes on what others play */
    bool silent;           /* muted, or its volume is 0 */
    bool fresh;            /* it began while we looked */
    /* who_place's */
    enum who_match match;
    bool member;            /* of a tree that was chosen, or is left out */
    struct who_process top; /* of the tree that bears the name */
    char top_name[256];
    /* who_decide's */
    bool wanted;
    bool silence_told;
};

/* What is remembered, from one connection to the next. */
struct who {
    const struct source_request *request;
    uint32_t own;       /* this process */
    bool known;         /* what was asked for was there once */
    bool chosen;        /* --app: a tree is, now */
    bool nameless;      /* it is what calls itself so and has no process */
    bool nameless_seen; /* on this connection */
    struct who_process top;
    char label[300];             /* the tree's, for people */
    struct who_process *members; /* of the trees; malloc */
    size_t member_count, member_room;
    bool grafted; /* a tree has come to them whose other processes were not
                   * followed from their births on: who_follow needs all */
    /* a command: children of this process that are none of its, being there
     * before; malloc */
    struct who_process *strangers;
    size_t stranger_count, stranger_room;
    struct who_process *told; /* other trees that were warned of; malloc */
    size_t told_count, told_room;
    bool nameless_told, ambiguity_told;
    bool no_memory; /* something was forgotten */
};

/* False: ERR_USAGE or INTERNAL; a request that can't be met on any server. */
bool who_check(const struct source_request *request, uint32_t own,
               struct fault *f);

/* Nothing is remembered. REQUEST (APP or EXCLUDE) outlives W. */
void who_init(struct who *w, const struct source_request *request,
              uint32_t own);
void who_free(struct who *w);

/* The name of the one application that is wanted; NULL: it was given otherwise,
 * or all others are. */
const char *who_name(const struct who *w);
/* The number of the one that is wanted; 0: it was given otherwise. */
uint32_t who_number(const struct who *w);

/* The first look on a connection: ALL are the processes, named, or only that of
 * who_number; STREAMS the streams. Chooses, and decides for each stream. False:
 * ERR_NO_APP, APP_AMBIGUOUS, NO_MEMORY; never because an application that was
 * there once and is to be followed is not there now. */
bool who_begin(struct who *w, const struct process_list *all,
               struct who_stream *streams, struct fault *f);

/* S is new or has changed: LIST holds its process and all above it. */
void who_place(struct who *w, const struct process_list *list,
               struct who_stream *s);

/* Choose where nothing is chosen and something is there; decide for each
 * stream. */
void who_decide(struct who *w, struct who_stream *streams);

/* Are there processes whose end, and whose children, are to be seen? */
bool who_has_members(const struct who *w);

/* LIST has the members that still run, and the processes that have begun since
 * the last time; births and parents suffice. Those of them that descend from a
 * member become one. Where a tree was grafted it has all processes. */
void who_follow(struct who *w, const struct process_list *list);

/* Does something of the name play that is not of the tree which was chosen? To
 * be asked before who_decide: the tree may just have ended, and this be the
 * next. */
bool who_doubts(const struct who *w, const struct who_stream *streams);

enum who_word {
    WHO_GOES_ON,
    WHO_FORGOTTEN, /* it has ended, the next is to be chosen: place all streams
                    * and decide */
    WHO_HAS_ENDED, /* and with it the recording */
};

/* After who_follow and who_decide: has what is recorded ended? Not while a
 * stream of it is there. */
enum who_word who_over(struct who *w, struct who_stream *streams);

/* How the source is called: "process:12", "mpv (pid 12)". */
void who_describe(const struct who *w, char *id, size_t id_size, char *name,
                  size_t name_size);

#endif
