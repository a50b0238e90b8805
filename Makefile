# looprec: see `make help`. src/HACKING.md tells how the tree is laid out.

VERSION := 0.1.0
comma   := ,

prefix  ?= /usr/local
bindir  ?= $(prefix)/bin
mandir  ?= $(prefix)/share/man
docdir  ?= $(prefix)/share/doc/looprec
bashcompdir ?= $(prefix)/share/bash-completion/completions
zshcompdir  ?= $(prefix)/share/zsh/site-functions
fishcompdir ?= $(prefix)/share/fish/vendor_completions.d

VARIANT ?= native
B       := build/$(VARIANT)

PKG_CONFIG ?= pkg-config
WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
        -Wmissing-prototypes -Wvla -Wformat=2 $(if $(CI),-Werror)
BASE := -std=c11 -Isrc -DLOOPREC_VERSION='"$(VERSION)"' -D_GNU_SOURCE
OPT  := -O2 -g
# The same sources give the same bytes, in whatever folder they lie.
MAPPED := -ffile-prefix-map=$(CURDIR)=.
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
else ifeq ($(VARIANT),coverage)
OPT  := -O0 -g --coverage -fprofile-update=atomic
MAPPED :=
HARD := -fstack-protector-strong
LDHARD :=
else ifeq ($(VARIANT),fuzz)
# clang's libFuzzer: it counts what an input reaches. Its warnings are not those
# of gcc, with which everything is built elsewhere.
CC    = clang
OPT  := -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
        -fno-sanitize-recover=undefined -fno-omit-frame-pointer -w
HARD :=
LDHARD :=
else ifeq ($(VARIANT),windows)
CROSS  ?= x86_64-w64-mingw32-
CC      = $(CROSS)gcc-win32
WINDRES = $(CROSS)windres
WINLIBS := $(shell scripts/windows-libs --print 2>/dev/null)
endif

dirs := core session source sink repair sys cli
ifeq ($(VARIANT),windows)
SYS  := win
dirs += source/wasapi sys/win
EXE  := .exe
BASE += -DUNICODE -D_UNICODE -D_WIN32_WINNT=0x0603 -D__USE_MINGW_ANSI_STDIO=1 \
        -municode $(patsubst -I%,-isystem %,$(if $(WINLIBS),$(shell cat $(WINLIBS)/compile-flags)))
HARD := -fstack-protector-strong
# (no time of the build in it: the same sources give the same bytes)
LDHARD := -static -municode -Wl,--dynamicbase,--nxcompat,--high-entropy-va,--tsaware \
        -Wl,--no-insert-timestamp
LIBS  = $(shell cat $(WINLIBS)/link-flags) -lole32 -luuid
else
SYS  := posix
dirs += source/pulse sys/posix
EXE  :=
DEPS := libpulse sndfile vorbisenc vorbis ogg soxr
BASE += $(shell $(PKG_CONFIG) --cflags $(DEPS) 2>/dev/null) -pthread
# In the order in which the loader looks for names, of all libraries that come with
# these: most of the 4000 are libc's, then libpulse's, which is a tenth of its work.
# (libsoxr is loaded where it is needed: src/sys/posix/soxr.c.)
LIBS  = -lc $(shell $(PKG_CONFIG) --libs $(filter-out soxr,$(DEPS))) -lm -ldl -pthread
endif

SRC  := $(sort $(foreach d,$(dirs),$(wildcard src/$(d)/*.c)))
OBJ  := $(SRC:src/%.c=$(B)/%.o)
MAIN := $(B)/main.o
BIN  := $(B)/looprec$(EXE)
RES  := $(if $(filter windows,$(VARIANT)),$(B)/resource.o)

UNIT     := $(sort $(wildcard tests/unit/test_*.c))
ifeq ($(VARIANT),windows)
UNIT     := $(filter-out tests/unit/test_pulse% tests/unit/test_posix_%,$(UNIT))
else
UNIT     := $(filter-out tests/unit/test_win_%,$(UNIT))
endif
UNITBIN  := $(UNIT:tests/unit/%.c=$(B)/unit/%$(EXE))
FAKES    := $(sort $(wildcard tests/fakes/*.c))
FAKEOBJ  := $(FAKES:tests/%.c=$(B)/tests/%.o)

# The scripted double of mmdevapi.dll, for Windows only: see its README.md.
ifeq ($(VARIANT),windows)
DOUBLE    := $(B)/fakes/mmdevapi.dll $(B)/fakes/app.exe $(B)/fakes/logoff.exe \
             $(B)/fakes/probe.exe
DOUBLEDIR := tests/fakes/mmdevapi
DOUBLEOBJ := $(patsubst tests/%.c,$(B)/tests/%.o,$(sort $(wildcard $(DOUBLEDIR)/*.c)))
PROBEOBJ  := $(patsubst tests/%.c,$(B)/tests/%.o,$(sort $(wildcard tests/fakes/probe/*.c)))
# Its clock, in a DLL of its own, for test_win_simtime.
ENGINEOBJ := $(B)/tests/fakes/engine/engine.o \
             $(filter $(B)/$(DOUBLEDIR)/simtime%,$(DOUBLEOBJ))
DOUBLE    += $(B)/unit/simtime_engine.dll
ALONEOBJ  := $(B)/tests/fakes/app/app.o $(B)/tests/fakes/logoff/logoff.o
$(DOUBLEOBJ) $(PROBEOBJ) $(ENGINEOBJ) $(ALONEOBJ): HARD :=
endif

TOOLS    := $(sort $(wildcard tests/tools/*.c))
TOOLBIN  := $(TOOLS:tests/tools/%.c=$(B)/tools/%)
# Parts of the program against a real server, each with a main of its own.
PROBES   := $(sort $(wildcard tests/e2e/*_probe.c))
ifneq ($(VARIANT),windows)
TOOLBIN  += $(PROBES:tests/e2e/%.c=$(B)/tools/%)
endif
# Each fuzz target makes two programs, one that looks for inputs (VARIANT=fuzz)
# and one that is given some.
FUZZ      := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZOBJ   := $(FUZZ:tests/%.c=$(B)/tests/%.o) $(B)/tests/fuzz/replay.o
FUZZBIN   := $(FUZZ:tests/fuzz/fuzz_%.c=$(B)/fuzz/%)
REPLAYBIN := $(FUZZ:tests/fuzz/fuzz_%.c=$(B)/fuzz/replay_%)
FUZZ_SECONDS ?= 60
SOAK_MINUTES ?= 20
BENCHES  := $(sort $(wildcard tests/bench/*.c))
BENCHBIN := $(BENCHES:tests/bench/%.c=$(B)/bench/%)
BENCHPRELOAD := $(B)/bench/turns.so $(B)/bench/forbid.so

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all libraries help bin unit unit-bins tools fakes windows check check-native \
        check-windows build-native build-windows soak mutants fuzz fuzz-bins fuzz-replays analyse coverage \
        valgrind checkers demo bench bench-report lint \
        format install uninstall dist dist-windows deb clean setup

all: bin ## build build/native/looprec (the default)

help: ## these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | sort | \
	    while IFS="$$(printf '\t')" read -r t d; do \
	        printf '  make %-14s %s\n' "$$t" "$$d"; done

bin: $(BIN)

$(BIN): $(MAIN) $(OBJ) $(RES)
	@mkdir -p $(@D)
	$(CC) $(OPT) $(LDHARD) $(LDFLAGS) -o $@ $^ $(LIBS)

# What to do where a library is missing, before a header's absence says less.
libraries:
ifeq ($(VARIANT),windows)
	@[ -n '$(WINLIBS)' ] || [ '$(origin LIBS)' = 'command line' ] || { echo "the Windows libraries are not built:" \
	    "run 'make windows'" >&2; exit 1; }
else
	@$(PKG_CONFIG) --print-errors --exists $(DEPS) || { echo "needed to build:" \
	    "$(PKG_CONFIG) and $(DEPS); run 'scripts/setup native'" >&2; exit 1; }
endif

$(OBJ) $(MAIN) $(FAKEOBJ): | libraries

$(B)/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(BASE) $(WARN) $(OPT) $(MAPPED) $(HARD) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# It makes the word that all others are guarded by (Windows; see the file).
$(B)/sys/win/guard.o: HARD := -fno-stack-protector

$(B)/tests/%.o: tests/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(BASE) -Itests $(WARN) $(OPT) $(MAPPED) $(HARD) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/resource.o: src/sys/win/looprec.rc $(wildcard src/sys/win/*.manifest)
	@mkdir -p $(@D)
	$(WINDRES) -Isrc -Isrc/sys/win -DLOOPREC_VERSION='\"$(VERSION)\"' \
	    -DLOOPREC_VERSION_NUMBERS=$(subst .,$(comma),$(VERSION)),0 $< $@

# A unit test is one file with its own main, linked with everything but main.o.
$(B)/libunit.a: $(OBJ) $(FAKEOBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/unit/%$(EXE): $(B)/tests/unit/%.o $(B)/libunit.a
	@mkdir -p $(@D)
	$(CC) $(OPT) $(filter-out -municode,$(LDHARD)) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS)

$(B)/tools/%: $(B)/tests/tools/%.o
	@mkdir -p $(@D)
	$(CC) $(OPT) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/tools/%_probe: $(B)/tests/e2e/%_probe.o $(B)/libunit.a
	@mkdir -p $(@D)
	$(CC) $(OPT) $(LDHARD) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/bench/%: $(B)/tests/bench/%.o
	@mkdir -p $(@D)
	$(CC) $(OPT) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/bench/%.so: tests/tools/preload/%.c tests/tools/preload/waits.h
	@mkdir -p $(@D)
	$(CC) -std=c11 -O2 -Wall -Wextra -shared -fPIC -o $@ $< -ldl

# Parts of the program alone.
$(B)/bench/micro: $(B)/libunit.a

# What fails there is made to fail by the linker.
$(B)/unit/test_converter_faults$(EXE): LDFLAGS += \
    $(foreach f,calloc realloc soxr_create soxr_process soxr_clear,-Wl,--wrap=$(f))

# --repair waits a second for a file to be at rest; not here.
$(B)/fuzz/repair $(B)/fuzz/replay_repair: LDFLAGS += -Wl,--wrap=clock_sleep_ns

$(B)/fuzz/replay_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/replay.o $(B)/libunit.a
	@mkdir -p $(@D)
	$(CC) $(OPT) $(LDHARD) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/fuzz/%: $(B)/tests/fuzz/fuzz_%.o $(B)/libunit.a
	@mkdir -p $(@D)
	$(CC) $(OPT) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(LIBS)

fuzz-replays: $(REPLAYBIN)
fuzz-bins: $(FUZZBIN)

$(B)/fakes/mmdevapi.dll: $(DOUBLEOBJ) $(DOUBLEDIR)/mmdevapi.def
	@mkdir -p $(@D)
	$(CC) $(OPT) -shared -static $(LDFLAGS) -o $@ $^ -lole32

$(B)/unit/simtime_engine.dll: $(ENGINEOBJ)
	@mkdir -p $(@D)
	$(CC) $(OPT) -shared -static $(LDFLAGS) -o $@ $^

# An application that the double's scripts can name.
$(B)/fakes/app.exe: $(B)/tests/fakes/app/app.o
	@mkdir -p $(@D)
	$(CC) $(OPT) $(LDHARD) $(LDFLAGS) -o $@ $^

# What a program's windows hear when the user logs off.
$(B)/fakes/logoff.exe: $(B)/tests/fakes/logoff/logoff.o
	@mkdir -p $(@D)
	$(CC) $(OPT) $(LDHARD) $(LDFLAGS) -o $@ $^

$(B)/fakes/probe.exe: $(PROBEOBJ)
	@mkdir -p $(@D)
	$(CC) $(OPT) -static $(LDFLAGS) -o $@ $^ -lole32

fakes: $(DOUBLE) ## what stands in for Windows in tests (VARIANT=windows)

unit-bins: $(UNITBIN) fakes
tools: $(TOOLBIN)

unit: $(UNITBIN) ## build and run the unit tests (VARIANT=native, asan, tsan)
	@set -e; for t in $(UNITBIN); do echo "$$t"; $$t; done

setup: ## install what building and testing need, saying what first
	scripts/setup

windows: ## cross-build build/windows/looprec.exe
	scripts/windows-libs >/dev/null
	$(MAKE) VARIANT=windows bin

build-native:
	scripts/setup native tests
	$(MAKE) bin unit-bins tools
	$(MAKE) VARIANT=asan unit-bins fuzz-replays
	$(MAKE) VARIANT=tsan unit-bins

build-windows:
	scripts/setup native windows tests
	$(MAKE) bin tools
	scripts/windows-libs >/dev/null
	$(MAKE) VARIANT=windows bin unit-bins
	scripts/wine-root >/dev/null

check: ## set up, build and run every test, Windows part included
	scripts/setup native windows tests
	$(MAKE) build-native
	$(MAKE) build-windows
	tests/run native windows

check-native: build-native ## every test of the native executable
	tests/run native

check-windows: build-windows ## every test of the Windows executable, under Wine
	tests/run windows

soak: build-windows ## faults at random in SOAK_MINUTES=20; SEED= repeats (HOURS= FAULTS= of Windows)
	tests/soak/run -m $(SOAK_MINUTES) $(if $(SEED),-s $(SEED)) $(if $(HOURS),-H $(HOURS)) \
	    $(if $(FAULTS),-F $(FAULTS))

mutants: ## break the core and the session on purpose; the tests must notice
	tests/mutants

fuzz: ## look for inputs that break a parser or the timeline (FUZZ_SECONDS=60 each)
	scripts/setup native fuzz
	$(MAKE) VARIANT=fuzz fuzz-bins
	tests/fuzz/run -t $(FUZZ_SECONDS)

analyse: ## static checkers: gcc -fanalyzer, clang-tidy, cppcheck
	scripts/setup native analyse
	scripts/analyse

coverage: ## how much of src the unit tests run through
	scripts/setup native tests
	$(MAKE) VARIANT=coverage unit-bins
	tests/coverage

valgrind: ## the unit tests under memcheck, some under helgrind
	scripts/setup native tests
	$(MAKE) unit-bins
	tests/valgrind

checkers: ## the whole suite under ASan with UBSan, TSan and valgrind (CHECKERS=, ONLY=)
	scripts/setup native tests
	$(MAKE) bin unit-bins tools
	$(MAKE) VARIANT=asan bin unit-bins
	$(MAKE) VARIANT=tsan bin unit-bins
	tests/checkers $(if $(ONLY),-k '$(ONLY)') $(CHECKERS)

demo: ## set up, build, record five seconds of what this computer plays
	scripts/setup native
	$(MAKE) bin
	scripts/demo

bench: ## speed against other programs, as ratios measured in one run
	scripts/setup native tests bench
	$(MAKE) bin $(BENCHBIN) $(BENCHPRELOAD)
	tests/bench/bench

bench-report: ## the same, into docs/benchmarks.md
	scripts/setup native tests bench
	$(MAKE) bin $(BENCHBIN) $(BENCHPRELOAD)
	tests/bench/bench --report=docs/benchmarks.md

lint: ## layers, format, sizes, scripts, man page
	scripts/lint

format: ## clang-format over everything
	find src tests -name '*.[ch]' -exec clang-format -i {} +

install: bin ## to $(DESTDIR)$(prefix): program, man page, completions, texts
	install -D -m 755 $(BIN) $(DESTDIR)$(bindir)/looprec
	install -D -m 644 man/looprec.1 $(DESTDIR)$(mandir)/man1/looprec.1
	install -D -m 644 completions/looprec.bash $(DESTDIR)$(bashcompdir)/looprec
	install -D -m 644 completions/_looprec $(DESTDIR)$(zshcompdir)/_looprec
	install -D -m 644 completions/looprec.fish $(DESTDIR)$(fishcompdir)/looprec.fish
	install -d $(DESTDIR)$(docdir)
	install -m 644 README.md CHANGELOG.md LICENSE $(DESTDIR)$(docdir)

uninstall: ## what install put there
	rm -f $(DESTDIR)$(bindir)/looprec $(DESTDIR)$(mandir)/man1/looprec.1 \
	    $(DESTDIR)$(bashcompdir)/looprec $(DESTDIR)$(zshcompdir)/_looprec \
	    $(DESTDIR)$(fishcompdir)/looprec.fish \
	    $(DESTDIR)$(docdir)/README.md $(DESTDIR)$(docdir)/CHANGELOG.md \
	    $(DESTDIR)$(docdir)/LICENSE
	[ ! -d $(DESTDIR)$(docdir) ] || rmdir --ignore-fail-on-non-empty $(DESTDIR)$(docdir)

dist: ## build/looprec-VERSION.tar.gz from the last commit
	scripts/dist source

dist-windows: windows ## build/looprec-VERSION-windows-x86_64.zip from the last commit
	scripts/dist windows

deb: ## build/deb/looprec_VERSION-1_ARCH.deb from the last commit
	scripts/dist deb

clean: ## remove build/
	rm -rf build

-include $(OBJ:.o=.d) $(MAIN:.o=.d) $(FAKEOBJ:.o=.d) $(DOUBLEOBJ:.o=.d) $(ENGINEOBJ:.o=.d) $(PROBEOBJ:.o=.d) $(ALONEOBJ:.o=.d) \
    $(UNIT:tests/%.c=$(B)/tests/%.d) $(TOOLS:tests/%.c=$(B)/tests/%.d) \
    $(PROBES:tests/%.c=$(B)/tests/%.d) $(FUZZOBJ:.o=.d) \
    $(BENCHES:tests/%.c=$(B)/tests/%.d)
