/* The emulator's own descriptors: kept at high numbers, where guests do not meet them. */
#ifndef EMU_BASE_FD_H
#define EMU_BASE_FD_H

/*
 * Moves fd to the highest free number that the descriptor limit allows (at least 900 when it
 * can), close-on-exec; closes the old number. fd itself when there is no room.
 */
int fd_move_high(int fd);

#endif
