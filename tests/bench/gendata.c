/*
 * Writes the input files of the benchmark into a directory: text, C source, sound, an image and a
 * short video. The same bytes on every machine: integer arithmetic only.
 *
 * Usage: gendata DIRECTORY PERCENT
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t state;
static long percent;

static uint32_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static FILE *create(const char *dir, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    if (!f) {
        perror(path);
        exit(1);
    }
    state = 2463534242u;
    return f;
}

static void finish(FILE *f)
{
    if (fclose(f)) {
        perror("gendata");
        exit(1);
    }
}

static void put16(FILE *f, unsigned v)
{
    putc(v & 255, f);
    putc(v >> 8 & 255, f);
}

static void put32(FILE *f, unsigned v)
{
    put16(f, v & 0xffff);
    put16(f, v >> 16);
}

/* Words of a made-up language, frequent ones short; some numbers and repeated phrases. */
static void write_text(FILE *f, long bytes)
{
    static const char *const syllable[] = {
        "ta", "ren", "so", "mi", "ka", "lor", "e", "an", "dis", "pu", "er", "il", "on", "qua",
        "st", "ve", "hu", "bra", "zi", "ol", "ing", "tur", "ne", "wa", "ex", "am", "ic", "ul",
    };
    for (long n = 0; n < bytes;) {
        uint32_t r = next_random() >> 4, rank = r % 64 * (r >> 6 & 63) / 8;
        uint32_t parts = 1 + (rank > 20) + (rank > 150) + (rank > 400), w = rank * 2654435761u;
        if (r % 29 == 0) {
            n += fprintf(f, "%u", rank * 37);
        } else {
            for (; parts; parts--, w = w >> 5 | w << 27)
                n += fprintf(f, "%s", syllable[w % 28]);
        }
        n += fprintf(f, r % 97 == 3 ? ".\n" : r % 53 == 1 ? ", " : " ");
    }
}

static void write_source(FILE *f, long functions)
{
    fprintf(f, "typedef struct node { struct node *next; int key; long sum[8]; } node;\n"
               "extern int external(int, const char *);\n");
    for (long i = 0; i < functions; i++) {
        uint32_t a = next_random() % 1000, b = next_random() % 31 + 1;
        fprintf(f, "static long f%ld(node *n, const int *v, int count)\n{\n", i);
        fprintf(f, "    long sum = %u;\n", a);
        fprintf(f, "    for (int i = 0; i < count; i++) {\n        switch (v[i] %% 7) {\n");
        for (int k = 0; k < 6; k++)
            fprintf(f, "        case %d: sum %s= v[i] * %u + (sum >> %u); break;\n", k,
                    k % 2 ? "+" : "^", next_random() % 100, next_random() % 20 + 1);
        fprintf(f, "        default: while (n && n->key < %u) {", a);
        fprintf(f, " n->sum[i & 7] += sum; n = n->next; }\n");
        fprintf(f, "        }\n        if (sum %% %u == 0)\n", b);
        fprintf(f, "            sum += external(i, \"f%ld\");\n    }\n", i);
        fprintf(f, "    double x = sum / %u.5, y = x * x - count;\n"
                   "    return y > x ? (long)y : sum%s;\n}\n", b,
                i ? " + (count > 3 ? 1 : 0)" : "");
        if (i % 4 == 3)
            fprintf(f, "long g%ld(node *n, const int *v, int c)\n{\n    return f%ld(n, v, c) + "
                       "f%ld(n, v, c / 2) - f%ld(n, v + 1, c - 1) * f%ld(n, v, 3);\n}\n",
                    i, i, i - 1, i - 2, i - 3);
    }
}

/* Stereo, 44100 Hz, 16 bit: three slow triangle tones and noise. */
static void write_sound(FILE *f, long frames)
{
    fprintf(f, "RIFF");
    put32(f, (unsigned)(36 + frames * 4));
    fprintf(f, "WAVEfmt ");
    put32(f, 16);
    put16(f, 1);
    put16(f, 2);
    put32(f, 44100);
    put32(f, 44100 * 4);
    put16(f, 4);
    put16(f, 16);
    fprintf(f, "data");
    put32(f, (unsigned)(frames * 4));
    uint32_t phase[3] = { 0, 0, 0 }, pitch[3] = { 21000000, 32000000, 90000000 };
    for (long i = 0; i < frames; i++) {
        int left = 0, right = 0;
        for (int k = 0; k < 3; k++) {
            phase[k] += pitch[k];
            int32_t saw = (int32_t)phase[k] >> 16, tone = (saw < 0 ? -saw : saw) - 16384;
            left += tone / (k + 2);
            right += tone / (4 - k);
            if (i % 8000 == 0)
                pitch[k] = 10000000 + next_random() % 100000000;
        }
        int noise = (int)(next_random() >> 22) - 512;
        put16(f, (unsigned)(left / 2 + noise));
        put16(f, (unsigned)(right / 2 - noise / 2));
    }
}

/* A smooth surface with edges and some noise, moving with T. */
static int pixel(int x, int y, int t)
{
    int wave = ((x + 3 * t) * (x + 3 * t) / 97 + (y - t) * (y - t) / 53) & 255;
    int smooth = wave < 128 ? wave * 2 : 511 - wave * 2;
    int edge = ((x + 2 * t) / 48 + y / 32) & 1 ? 40 : 0;
    int v = smooth * 3 / 4 + edge + (int)(next_random() >> 29);
    return v > 255 ? 255 : v;
}

static void write_image(FILE *f, int width, int height)
{
    fprintf(f, "P6\n%d %d\n255\n", width, height);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            int v = pixel(x, y, 0);
            putc(v, f);
            putc((v + x) & 127, f);
            putc((255 - v + y / 4) & 255, f);
        }
    }
}

static void write_video(FILE *f, int width, int height, long frames)
{
    fprintf(f, "YUV4MPEG2 W%d H%d F25:1 Ip A1:1 C420jpeg\n", width, height);
    for (int t = 0; t < frames; t++) {
        fprintf(f, "FRAME\n");
        for (int i = 0; i < width * height; i++)
            putc(pixel(i % width, i / width, t), f);
        for (int i = 0; i < width * height / 2; i++)
            putc(96 + ((i / 64 + t) & 63), f);
    }
}

static long amount(long full)
{
    long n = full * percent / 100;
    return n > 0 ? n : 1;
}

int main(int argc, char **argv)
{
    FILE *f;
    if (argc != 3) {
        fprintf(stderr, "usage: gendata DIRECTORY PERCENT\n");
        return 2;
    }
    percent = atol(argv[2]);
    f = create(argv[1], "text");
    write_text(f, amount(12000000));
    finish(f);
    f = create(argv[1], "text-short");
    write_text(f, amount(1200000));
    finish(f);
    f = create(argv[1], "source.c");
    write_source(f, amount(40));
    finish(f);
    f = create(argv[1], "sound.wav");
    write_sound(f, amount(44100 * 15));
    finish(f);
    f = create(argv[1], "sound-long.wav");
    write_sound(f, amount(44100 * 60));
    finish(f);
    f = create(argv[1], "image.ppm");
    write_image(f, 4096, (int)amount(4000));
    finish(f);
    f = create(argv[1], "video.y4m");
    write_video(f, 640, 352, amount(1300) / 100 + 1);
    finish(f);
    return 0;
}
