# looprec: see `make help`. src/HACKING.md tells how the tree is laid out.

VERSION := 0.1.0
comma   := ,

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
        -municode $(patsubst -I%,-isystem %,$(if $(WINLIBS),$(shell cat $(WINLIBS)/compile-flags)))
HARD := -fno-stack-protector
LDHARD := -static -municode -Wl,--dynamicbase,--nxcompat,--high-entropy-va
LIBS  = $(shell cat $(WINLIBS)/link-flags) -lole32 -luuid
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
ifeq ($(VARIANT),windows)
UNIT     := $(filter-out %/test_pulse.c,$(UNIT))
endif
UNITBIN  := $(UNIT:tests/unit/%.c=$(B)/unit/%$(EXE))
FAKES    := $(sort $(wildcard tests/fakes/*.c))
FAKEOBJ  := $(FAKES:tests/%.c=$(B)/tests/%.o)

TOOLS    := $(sort $(wildcard tests/tools/*.c))
TOOLBIN  := $(TOOLS:tests/tools/%.c=$(B)/tools/%)
BENCHES  := $(sort $(wildcard tests/bench/*.c))
BENCHBIN := $(BENCHES:tests/bench/%.c=$(B)/bench/%)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all help bin unit unit-bins tools windows check check-native \
        check-windows build-native build-windows mutants demo bench lint \
        format install uninstall dist clean setup

all: bin ## build build/native/looprec (the default)

help: ## these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | sort | \
	    while IFS="$$(printf '\t')" read -r t d; do \
	        printf '  make %-14s %s\n' "$$t" "$$d"; done

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

$(B)/bench/%: $(B)/tests/bench/%.o
	@mkdir -p $(@D)
	$(CC) $(OPT) $(LDFLAGS) -o $@ $^ $(LIBS)

unit-bins: $(UNITBIN)
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
	$(MAKE) VARIANT=asan unit-bins
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

mutants: ## break the ring and the timeline on purpose; the tests must notice
	tests/mutants

demo: ## set up, build, record five seconds of what this computer plays
	scripts/setup native
	$(MAKE) bin
	scripts/demo

bench: ## speed against other programs, as ratios measured in one run
	scripts/setup native tests bench
	$(MAKE) bin $(BENCHBIN)
	tests/bench/bench

lint: ## layers, format, sizes, scripts, man page
	scripts/lint

format: ## clang-format over everything
	find src tests -name '*.[ch]' -exec clang-format -i {} +

install: bin ## to $(DESTDIR)$(prefix)
	install -d $(DESTDIR)$(bindir) $(DESTDIR)$(mandir)/man1
	install -m 755 $(BIN) $(DESTDIR)$(bindir)/looprec
	install -m 644 man/looprec.1 $(DESTDIR)$(mandir)/man1/looprec.1

uninstall: ## what install put there
	rm -f $(DESTDIR)$(bindir)/looprec $(DESTDIR)$(mandir)/man1/looprec.1

dist: ## build/looprec-VERSION.tar.gz from the committed tree
	@mkdir -p build
	git archive --prefix=looprec-$(VERSION)/ -o build/looprec-$(VERSION).tar.gz HEAD

clean: ## remove build/
	rm -rf build

-include $(OBJ:.o=.d) $(MAIN:.o=.d) $(FAKEOBJ:.o=.d) \
    $(UNIT:tests/%.c=$(B)/tests/%.d) $(TOOLS:tests/%.c=$(B)/tests/%.d) \
    $(BENCHES:tests/%.c=$(B)/tests/%.d)
