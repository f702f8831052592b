/*
 * Cold code: much of what a program runs it runs a few times, which costs less interpreted than
 * translated.
 */
#ifndef TCG_LITE_COLD_COLD_H
#define TCG_LITE_COLD_COLD_H

#include "emu/guest/cpu.h"

/*
 * How often a place is interpreted before it is translated (measured). Tests set 0, so that
 * everything is translated at first sight.
 */
extern uint8_t tcg_cold_visits;

/*
 * In a child: it mostly ends or executes something else soon, and the first write to each page of
 * the translator's tables copies that page. Measured: more is no better.
 */
#define CHILD_COLD_VISITS 8

void cold_init(void);

/* Counts a visit of pc. True: there have been few; interpret it. Any thread, without lock. */
bool cold_visit(uint64_t pc);

/*
 * Interprets from cpu->pc, until a branch leads to what is not cold or something is requested:
 * EXIT_NONE. Also when pc cannot be fetched, which the translator will find and explain. Else the
 * exit that an instruction raised.
 */
CpuExit cold_run(CpuState *cpu);

#endif
