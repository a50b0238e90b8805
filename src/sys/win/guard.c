/* guard: what -fstack-protector-strong asks of its surroundings: a word that
 * nobody can guess, and what happens when it was overwritten. GCC's own libssp
 * has both, but opens a cryptographic provider before main can say where DLLs
 * may come from (dll.h). The word is made as Microsoft's compiler makes its
 * own (__security_init_cookie): from the clocks, the ids, and the addresses
 * that Windows chose at random. Before main, and any thread. This file alone is
 * compiled without the protection. */
#include <stdint.h>

#include <windows.h>

/* Names and types are the compiler's ("-fstack-protector" in GCC's manual).
 * NOLINTBEGIN(bugprone-reserved-identifier) */
uintptr_t __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);
/* NOLINTEND(bugprone-reserved-identifier) */

/* Spreads every bit over all (the finalizer of splitmix64). */
static uint64_t stir(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* 101: the first that a program may have; before every other constructor. */
static void __attribute__((constructor(101))) make_guard(void)
{
    FILETIME now;
    LARGE_INTEGER ticks;
    GetSystemTimePreciseAsFileTime(&now);
    QueryPerformanceCounter(&ticks);
    uint64_t x = stir((uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime);
    x = stir(x + (uint64_t)ticks.QuadPart);
    x = stir(x +
             ((uint64_t)GetCurrentProcessId() << 32 | GetCurrentThreadId()));
    x = stir(x + (uintptr_t)&now);
    x = stir(x + (uintptr_t)&__stack_chk_guard);
    x = stir(x + (uintptr_t)GetModuleHandleW(L"kernel32.dll"));
    /* No string can write its lowest byte and go on. */
    __stack_chk_guard = (uintptr_t)(x & ~UINT64_C(0xff));
}

_Noreturn void __stack_chk_fail(void)
{
    static const char text[] =
        "looprec: a buffer was overrun: please report this\n";
    DWORD n;
    WriteFile(GetStdHandle(STD_ERROR_HANDLE), text, sizeof(text) - 1, &n, NULL);
    /* Nothing of this process can be trusted: end it at once, without handlers
     * (__fastfail, code FAST_FAIL_STACK_COOKIE_CHECK_FAILURE). */
    __asm__ volatile("int $0x29" : : "c"(2));
    __builtin_unreachable();
}
