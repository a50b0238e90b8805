# looprec: see `make help`. src/HACKING.md tells how the tree is laid out.

VERSION := 0.1.0

prefix  ?= /usr/local
bindir  ?= $(prefix)/bin
mandir  ?= $(prefix)/share/man

VARIANT ?= native
B       := build/$(VARIANT)

PKG_CONFIG ?= pkg-config
WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
        -Wmissing-prototypes -Wvla -Wformat=2 $(if $(CI),-Werror)
BASE := -std=c11 -Isrc -DLOOPREC_VERSION='"$(VERSION)"' -D_GNU_SOURCE
OPT  := -O2 -g
HARD := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
LDHARD := -pie -Wl,-z,relro,-z,now

# --- what each variant is built with ---
ifeq ($(VARIANT),native)
else ifeq ($(VARIANT),asan)
OPT  := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined \
        -fno-omit-frame-pointer
HARD :=
LDHARD :=
else ifeq ($(VARIANT),tsan)
OPT  := -O1 -g -fsanitize=thread
HARD :=
LDHARD :=
else ifeq ($(VARIANT),windows)
CROSS  ?= x86_64-w64-mingw32-
CC      = $(CROSS)gcc-win32
WINDRES = $(CROSS)windres
WINLIBS := $(shell scripts/windows-libs --print 2>/dev/null)
endif

dirs := core session source sink cli
ifeq ($(VARIANT),windows)
SYS  := win
dirs += source/wasapi sys/win
EXE  := .exe
BASE += -DUNICODE -D_UNICODE -D_WIN32_WINNT=0x0A00 -D__USE_MINGW_ANSI_STDIO=1 \
        -municode $(if $(WINLIBS),-I$(WINLIBS)/include) -DFLAC__NO_DLL
HARD := -fno-stack-protector
LDHARD := -static -municode -Wl,--dynamicbase,--nxcompat,--high-entropy-va
LIBS  = $(shell cat $(WINLIBS)/link-flags) -lole32 -lavrt -lksuser -luuid
else
SYS  := posix
dirs += source/pulse sys/posix
EXE  :=
DEPS := sndfile libpulse soxr
BASE += $(shell $(PKG_CONFIG) --cflags $(DEPS) 2>/dev/null) -pthread
LIBS  = $(shell $(PKG_CONFIG) --libs $(DEPS)) -lm -pthread
endif

SRC  := $(sort $(foreach d,$(dirs),$(wildcard src/$(d)/*.c)))
OBJ  := $(SRC:src/%.c=$(B)/%.o)
MAIN := $(B)/main.o
BIN  := $(B)/looprec$(EXE)
RES  := $(if $(filter windows,$(VARIANT)),$(B)/resource.o)

UNIT     := $(sort $(wildcard tests/unit/test_*.c))
UNITBIN  := $(UNIT:tests/unit/%.c=$(B)/unit/%$(EXE))
FAKES    := $(sort $(wildcard tests/fakes/*.c))
FAKEOBJ  := $(FAKES:tests/%.c=$(B)/tests/%.o)

.PHONY: all help bin unit
all: bin ## build build/native/looprec (the default)

help: ## these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | sort | \
	    while IFS="$$(printf '\t')" read -r t d; do \
	        printf '  make %-16s %s\n' "$$t" "$$d"; done

bin: $(BIN)

$(BIN): $(MAIN) $(OBJ) $(RES)
	@mkdir -p $(@D)
	$(CC) $(OPT) $(LDHARD) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(BASE) $(WARN) $(OPT) $(HARD) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(CC) $(BASE) -Itests $(WARN) $(OPT) $(HARD) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# A unit test is one file with its own main, linked with everything but main.o.
$(B)/libunit.a: $(OBJ) $(FAKEOBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/unit/%$(EXE): $(B)/tests/unit/%.o $(B)/libunit.a
	@mkdir -p $(@D)
	$(CC) $(OPT) $(filter-out -municode,$(LDHARD)) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS)

unit: $(UNITBIN) ## build and run the unit tests (VARIANT=native|asan|tsan)
	@set -e; for t in $(UNITBIN); do echo "$$t"; $$t; done

-include $(OBJ:.o=.d) $(MAIN:.o=.d) $(UNITBIN:$(B)/unit/%$(EXE)=$(B)/tests/unit/%.d) $(FAKEOBJ:.o=.d)
