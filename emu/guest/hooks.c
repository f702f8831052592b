/* The hooks' storage; main fills them in (hooks.h). */
#include "emu/guest/hooks.h"

Hooks hooks;
