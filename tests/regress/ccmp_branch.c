/* build: -static */
/* CMP, CCMP, B.cond with every condition and every NZCV, at places that run often. */
#include <stdint.h>
#include <sys/mman.h>
#include "tests/syscalls/check.h"

#define LENGTH 9

typedef uint32_t Function(uint64_t a, uint64_t b, uint64_t c, uint64_t d);

/* NZCV of a - b, in bits 3..0 */
static unsigned compare(uint64_t a, uint64_t b)
{
    uint64_t r = a - b;
    unsigned n = r >> 63, z = r == 0, c = a >= b, v = ((a ^ b) & (a ^ r)) >> 63 & 1;
    return n << 3 | z << 2 | c << 1 | v;
}

static int holds(unsigned cond, unsigned nzcv)
{
    int n = nzcv >> 3 & 1, z = nzcv >> 2 & 1, c = nzcv >> 1 & 1, v = nzcv & 1;
    int result[] = {z, c, n, v, c && !z, n == v, n == v && !z};
    return result[cond >> 1] ^ (cond & 1);
}

static void put(uint32_t *p, unsigned cond, unsigned nzcv, unsigned cond2)
{
    const uint32_t code[LENGTH] = {
        0xeb01001f,                             /* cmp x0, x1 */
        0xfa430040 | cond << 12 | nzcv,         /* ccmp x2, x3, #nzcv, cond */
        0x54000000 | 4 << 5 | cond2,            /* b.cond2 taken */
        0xeb00001f, 0x52800000, 0xd65f03c0,     /* cmp x0, x0; mov w0, #0; ret */
        0xeb00001f, 0x52800020, 0xd65f03c0,     /* taken: cmp x0, x0; mov w0, #1; ret */
    };

    memcpy(p, code, sizeof code);
}

int main(void)
{
    static const uint64_t values[][4] = {
        {1, 2, 3, 4}, {2, 1, 4, 3}, {5, 5, 6, 6}, {5, 5, 1, 6}, {1, 5, 6, 6},
        {1ull << 63, 1, 1, 1ull << 63}, {~0ull, 0, 1ull << 63, 1}, {0, ~0ull, 0, 0},
    };
    uint32_t *code = mmap(NULL, 14 * 16 * 14 * LENGTH * 4, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *p = code;

    CHECK(code != MAP_FAILED);
    for (unsigned n = 0; n < 14 * 16 * 14; n++, p += LENGTH)
        put(p, n % 14, n / 14 % 16, n / 14 / 16);
    mprotect(code, 14 * 16 * 14 * LENGTH * 4, PROT_READ | PROT_EXEC);
    __builtin___clear_cache((char *)code, (char *)p);
    for (unsigned n = 0; n < 14 * 16 * 14; n++) {
        Function *f = (Function *)(uintptr_t)(code + n * LENGTH);
        unsigned cond = n % 14, nzcv = n / 14 % 16, cond2 = n / 14 / 16;
        for (unsigned k = 0; k < (n % 97 ? 16 : 8000); k++) {
            const uint64_t *v = values[k % 8];
            unsigned flags = holds(cond, compare(v[0], v[1])) ? compare(v[2], v[3]) : nzcv;
            if (f(v[0], v[1], v[2], v[3]) != (uint32_t)holds(cond2, flags)) {
                fprintf(stderr, "cond %u nzcv %u branch %u values %u\n", cond, nzcv, cond2, k % 8);
                check_failures++;
                break;
            }
        }
    }
    return check_done();
}
