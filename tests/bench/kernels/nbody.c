/* Five bodies under gravity: chains of scalar double arithmetic, square root and division. */
#include "bench.h"
#include <math.h>

#define BODIES 5

struct body {
    double x, y, z, vx, vy, vz, mass;
};

static struct body body[BODIES];

static void make_bodies(void)
{
    uint32_t seed = 12345;
    for (int i = 0; i < BODIES; i++) {
        double *field = &body[i].x;
        for (int k = 0; k < 3; k++)
            field[k] = (bench_random(&seed) % 20001 - 10000.0) / 1000 + 15.0 * i;
        for (int k = 3; k < 6; k++)
            field[k] = (bench_random(&seed) % 2001 - 1000.0) / 5000;
        body[i].mass = i ? 0.01 * i : 39.0;
    }
}

static void step(double dt)
{
    for (int i = 0; i < BODIES; i++) {
        for (int j = i + 1; j < BODIES; j++) {
            double dx = body[i].x - body[j].x, dy = body[i].y - body[j].y;
            double dz = body[i].z - body[j].z;
            double square = dx * dx + dy * dy + dz * dz;
            double scale = dt / (square * sqrt(square));
            double mi = body[i].mass * scale, mj = body[j].mass * scale;
            body[i].vx -= dx * mj;
            body[i].vy -= dy * mj;
            body[i].vz -= dz * mj;
            body[j].vx += dx * mi;
            body[j].vy += dy * mi;
            body[j].vz += dz * mi;
        }
    }
    for (int i = 0; i < BODIES; i++) {
        body[i].x += dt * body[i].vx;
        body[i].y += dt * body[i].vy;
        body[i].z += dt * body[i].vz;
    }
}

static double energy(void)
{
    double e = 0;
    for (int i = 0; i < BODIES; i++) {
        const struct body *b = &body[i];
        e += 0.5 * b->mass * (b->vx * b->vx + b->vy * b->vy + b->vz * b->vz);
        for (int j = i + 1; j < BODIES; j++) {
            double dx = b->x - body[j].x, dy = b->y - body[j].y, dz = b->z - body[j].z;
            e -= b->mass * body[j].mass / sqrt(dx * dx + dy * dy + dz * dz);
        }
    }
    return e;
}

int main(int argc, char **argv)
{
    long steps = bench_work(argc, argv, 3000000);
    make_bodies();
    for (long i = 0; i < steps; i++)
        step(0.0001);
    printf("nbody %.7f\n", energy());
    return 0;
}
