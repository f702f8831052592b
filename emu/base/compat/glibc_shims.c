/*
 * The glibc-only symbols that Debian's libcapstone.a, libelf.a and libz.a refer to, for the
 * static musl link. The _chk forms do the check that gives them their name, then the plain
 * call. Nothing of the emulator calls these.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "emu/base/check.h"

int __snprintf_chk(char *s, size_t max, int flag, size_t size, const char *fmt, ...);
int __sprintf_chk(char *s, int flag, size_t size, const char *fmt, ...);
int __vsnprintf_chk(char *s, size_t max, int flag, size_t size, const char *fmt, va_list ap);
char *__strcpy_chk(char *to, const char *from, size_t size);
void *rawmemchr(const void *s, int c);
void __cxa_finalize(void *dso);

int __vsnprintf_chk(char *s, size_t max, int flag, size_t size, const char *fmt, va_list ap)
{
    (void)flag;
    CHECK(max <= size, "a library's buffer must hold what it says");
    return vsnprintf(s, max, fmt, ap);
}

int __snprintf_chk(char *s, size_t max, int flag, size_t size, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = __vsnprintf_chk(s, max, flag, size, fmt, ap);
    va_end(ap);
    return n;
}

int __sprintf_chk(char *s, int flag, size_t size, const char *fmt, ...)
{
    va_list ap;
    (void)flag;
    va_start(ap, fmt);
    int n = vsnprintf(s, size, fmt, ap);
    va_end(ap);
    CHECK(n < 0 || (size_t)n < size, "a library's string must fit its buffer");
    return n;
}

char *__strcpy_chk(char *to, const char *from, size_t size)
{
    size_t n = strlen(from) + 1;
    CHECK(n <= size, "a library's string must fit its buffer");
    return memcpy(to, from, n);
}

/* As memchr, but the caller knows that the byte is there. */
void *rawmemchr(const void *s, int c)
{
    const unsigned char *p = s;
    while (*p != (unsigned char)c)
        p++;
    return (void *)p;
}

/* crtbeginS.o refers to it; a static program has no shared object to finalise. */
void __cxa_finalize(void *dso)
{
    (void)dso;
}
