/* The one instance of the process state, and its source of randomness. */
#include "emu/guest/process.h"
#include "emu/base/lock.h"
#include "emu/base/sys.h"

Process process = {.exe_fd = -1, .self_fd = -1};

/* One step of the splitmix64 generator. */
static uint64_t next_seeded(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15ull;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

uint64_t process_random(void)
{
    static Lock lock;
    static uint64_t state;
    static bool seeded;
    uint64_t value;

    if (!process.random_seed_set) {
        if (sys(SYS_getrandom, &value, sizeof value, 0) == sizeof value)
            return value;
        return __builtin_ia32_rdtsc() * 0x9e3779b97f4a7c15ull; /* a kernel without entropy */
    }
    lock_take(&lock);
    if (!seeded) {
        state = process.random_seed;
        seeded = true;
    }
    value = next_seeded(&state);
    lock_release(&lock);
    return value;
}

uint64_t process_random_shift(uint64_t pages)
{
    enum { NO_RANDOMIZE = 0x0040000, ASK = 0xffffffff };

    if (process.random_seed_set || (sys(SYS_personality, ASK) & NO_RANDOMIZE))
        return 0;
    return (process_random() & (pages - 1)) * PAGE_SIZE_4K;
}
