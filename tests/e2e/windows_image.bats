#!/usr/bin/env bats
# looprec.exe as a file: what it asks of Windows, what it tells Windows of
# itself, and that nothing which lies beside it gets into it.

SYSTEM=wine
load lib.bash

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
    end_started
}

MINGW=x86_64-w64-mingw32-

headers() { "${MINGW}objdump" -p "$LOOPREC"; }

# Lines of "DLL function", in lower case and as it is.
imports() {
    headers | awk '/DLL Name: / { dll = tolower($3) }
        dll && /^\t[0-9a-f]+\t/ { print dll, $3 }'
}

# --- what it is made of ---

# Static libraries don't hide what is theirs: where a function of ours has a
# name that one of them uses inside, it would be called in its place, and no
# linker says so.
@test "no function of ours has a name that a library uses" {
    local libs
    libs=$("$ROOT/scripts/windows-libs" --print)
    symbols() { "${MINGW}nm" -g --defined-only "$@" 2>/dev/null | awk 'NF == 3 && $2 ~ /[TDBRC]/ { print $3 }' | sort -u; }
    symbols "$ROOT/build/windows/libunit.a" >ours
    symbols "$libs"/lib/*.a >theirs
    (($(wc -l <ours) > 300 && $(wc -l <theirs) > 1000))
    run comm -12 ours theirs
    [ -z "$output" ]
}

# --- what it asks for ---

@test "it is linked with DLLs that Windows takes from System32 whatever lies beside it" {
    # of HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\KnownDLLs
    local dll n=0
    while read -r dll; do
        n=$((n + 1))
        case $dll in
        advapi32.dll | combase.dll | kernel32.dll | msvcrt.dll | ole32.dll | \
            shell32.dll | shlwapi.dll | user32.dll) ;;
        *) fail "it asks for $dll, which is no known DLL: load it with dll_function" ;;
        esac
    done < <(imports | cut -d ' ' -f 1 | sort -u)
    [ "$n" -gt 2 ]
}

# The functions named on standard input are in Windows 8.1, says mingw-w64.
are_old() {
    {
        printf '#include <%s>\n' windows.h objbase.h psapi.h shellapi.h shlwapi.h tlhelp32.h
        echo 'const void *const functions[] = {'
        sed 's/.*/(const void *)&,/'
        echo '};'
    } >functions.c
    "${MINGW}gcc-win32" -D_WIN32_WINNT=0x0603 -Werror -fsyntax-only functions.c
}

@test "no function that it is linked with is younger than Windows 8.1" {
    local young
    # msvcrt's are there since Windows 2000, and mingw-w64 knows no others
    imports | awk '$1 != "msvcrt.dll" { print $2 }' | sort -u >functions
    [ "$(wc -l <functions)" -gt 50 ]
    are_old <functions || fail "ask for these by dll_function (or they are declared in no header named here)"
    # what opts out of EcoQoS is asked for where it is there, and may be missing
    run ! grep -qx SetProcessInformation functions
    for young in SetThreadDescription IsWow64Process2 GetTempPath2W VirtualAlloc2; do
        run ! are_old <<<"$young"
    done
}

# --- what Windows is told ---

@test "random addresses, no code in data" {
    local flags
    flags=$((16#$(headers | awk '$1 == "DllCharacteristics" { print $2 }')))
    ((flags & 0x0020)) || fail "no high-entropy addresses"
    ((flags & 0x0040)) || fail "no dynamic base"
    ((flags & 0x0100)) || fail "not NX compatible"
    ((flags & 0x8000)) || fail "not terminal server aware"
    # a flag without its table would be a lie
    run ! grep -q 'relocations stripped' < <(headers)
    true_that "$((16#$(headers | awk '/Base Relocation Directory/ { print $4 }'))) > 1000" "no relocations"
    "${MINGW}objdump" -h "$LOOPREC" | awk '
        $1 ~ /^[0-9]+$/ { name = $2 }
        /CODE/ { code++; if (!/READONLY/) { print name " is code and can be written"; bad = 1 } }
        END { exit bad || !code }'
}

@test "the functions of its own are guarded against overrun buffers" {
    local file n=0
    for file in "$ROOT"/build/windows/{cli,session,sink,source,sys/win}/*.o; do
        ! "${MINGW}nm" "$file" | grep -q __stack_chk_fail || n=$((n + 1))
    done
    [ "$n" -gt 10 ]
}

@test "its version is that of the program, as text and as numbers" {
    local version at numbers
    version=$(sed -n 's/^VERSION := //p' "$ROOT/Makefile")
    "${MINGW}objcopy" -O binary --only-section=.rsrc "$LOOPREC" resources
    strings -el resources >texts
    cat texts
    [ "$(grep -A 1 -x FileVersion texts | tail -1)" = "$version" ]
    [ "$(grep -A 1 -x ProductVersion texts | tail -1)" = "$version" ]
    [ "$(grep -A 1 -x OriginalFilename texts | tail -1)" = looprec.exe ]
    grep -q '^looprec: records' texts
    # VS_FIXEDFILEINFO: its mark, its own version, then two words of two numbers
    at=$(LC_ALL=C grep -obUaP '\xbd\x04\xef\xfe' resources | cut -d : -f 1)
    read -r -a numbers < <(od -An -tu2 -j $((at + 8)) -N 8 resources)
    [ "${numbers[1]}.${numbers[0]}.${numbers[3]}" = "$version" ]
    [ "$(looprec --version | tr -d '\r')" = "looprec $version" ]
}

@test "its manifest asks for long paths and UTF-8, and for no rights" {
    # kind 24, number 1: where Windows looks
    headers | grep -A 3 'Entry: ID: 0x000018' | grep -q 'Entry: ID: 0x000001'
    "${MINGW}objcopy" -O binary --only-section=.rsrc "$LOOPREC" resources
    tr -d '\0' <resources | sed -n '/<assembly /,/<\/assembly>/p' | tr -s ' \n' ' ' >manifest
    cat manifest
    grep -q '<longPathAware xmlns="[^"]*2016/WindowsSettings" *>true<' manifest
    grep -q '<activeCodePage xmlns="[^"]*2019/WindowsSettings" *>UTF-8<' manifest
    grep -q 'level="asInvoker" uiAccess="false"' manifest
    # Windows 8.1; Windows 10 and 11
    grep -q '<supportedOS Id="{1f676c76-80e1-4239-95bb-83d0f6d0da78}"' manifest
    grep -q '<supportedOS Id="{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"' manifest
}

# --- what lies beside it ---

@test "DLLs that lie beside it or in the current folder are not loaded" {
    local name
    # asked for by name at run time: by looprec, by the system's audio, by
    # user32; and names that other programs were caught with
    local names=(avrt mmdevapi audioses uxtheme propsys wintrust dwmapi cryptsp
        cryptbase bcrypt version profapi winmm)
    echo 'int planted;' >planted.c
    "${MINGW}gcc-win32" -shared -O -o planted.dll planted.c
    mkdir beside current
    cp "$LOOPREC" beside/looprec.exe
    for name in "${names[@]}"; do
        cp planted.dll "beside/$name.dll"
        cp planted.dll "current/$name.dll"
    done
    # what a driver's DLL is to Windows' audio
    cp planted.dll beside/winepulse.drv
    start_server main
    cd current
    # Wine's trace names each place that a DLL was taken from
    WINEDEBUG=+loaddll LOOPREC=../beside/looprec.exe \
        looprec -q -d 4800f ../out.flac </dev/null 2>../trace
    cd ..
    stop_server main
    has_frames out.flac 4800
    grep -ao 'Loaded L"[^"]*"' trace | sed 's/.*\\\\//; s/"//' | sort -u >loaded
    # it did load some of these
    for name in mmdevapi.dll winepulse.drv avrt.dll; do
        grep -qix "$name" loaded || fail "$name was not loaded at all"
    done
    run -0 grep -acE 'Loaded L"[^"]*beside.*looprec.exe"' trace
    run ! grep -aE 'Loaded L"[^"]*(beside|current)[^"]*\.(dll|drv)"' trace
}
