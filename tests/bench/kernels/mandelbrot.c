/*
 * The Mandelbrot set on a grid: scalar multiply-add, compare and branch. A fused multiply-add moves
 * a few points over the border, so the checksum is the area to three digits.
 */
#include "bench.h"

int main(int argc, char **argv)
{
    long rows = bench_work(argc, argv, 1500);
    long inside = 0;
    for (long row = 0; row < rows; row++) {
        double ci = -1.25 + 2.5 * row / rows;
        for (int column = 0; column < 1000; column++) {
            double cr = -2.0 + 2.5 * column / 1000, zr = 0, zi = 0;
            int n = 0;
            while (n < 200 && zr * zr + zi * zi < 4.0) {
                double t = zr * zr - zi * zi + cr;
                zi = 2 * zr * zi + ci;
                zr = t;
                n++;
            }
            inside += n == 200;
        }
    }
    printf("mandelbrot %.3f\n", 6.25 * inside / (rows * 1000.0));
    return 0;
}
