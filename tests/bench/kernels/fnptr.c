/* Calls through function pointers: a table of operations and objects with methods. */
#include "bench.h"

struct shape {
    uint64_t (*area)(const struct shape *);
    uint64_t (*grow)(struct shape *, uint64_t);
    uint64_t w, h;
};

static uint64_t square_area(const struct shape *s) { return s->w * s->w; }
static uint64_t box_area(const struct shape *s) { return s->w * s->h; }
static uint64_t half_area(const struct shape *s) { return s->w * s->h / 2; }
static uint64_t ring_area(const struct shape *s) { return 3 * (s->w * s->w - s->h); }

static uint64_t grow_width(struct shape *s, uint64_t n) { return s->w = (s->w + n) & 0xffff; }
static uint64_t grow_height(struct shape *s, uint64_t n) { return s->h = (s->h ^ n) & 0xffff; }

#define SHAPES 64

int main(int argc, char **argv)
{
    static uint64_t (*const areas[])(const struct shape *) = {
        square_area, box_area, half_area, ring_area,
    };
    long rounds = bench_work(argc, argv, 1800000);
    struct shape shape[SHAPES];
    uint32_t seed = 31;
    uint64_t sum = 0;
    for (int i = 0; i < SHAPES; i++) {
        shape[i].area = areas[bench_random(&seed) % 4];
        shape[i].grow = bench_random(&seed) % 2 ? grow_width : grow_height;
        shape[i].w = bench_random(&seed) % 1000;
        shape[i].h = bench_random(&seed) % 1000;
    }
    for (long r = 0; r < rounds; r++) {
        for (int i = 0; i < SHAPES; i++) {
            struct shape *s = &shape[i];
            sum += s->area(s);
            sum ^= s->grow(s, sum & 15);
        }
    }
    printf("fnptr %016llx\n", (unsigned long long)sum);
    return 0;
}
