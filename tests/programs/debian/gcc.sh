cd $(mktemp -d)
cat >m.c <<END
#include <stdio.h>
#include <math.h>
int main(int argc, char **argv) { printf("%s %.6f %d\n", "compiled", sqrt(2.0 * argc), argc); return argc; }
END
printf 'm: m.o\n\tgcc -o m m.o -lm\nm.o: m.c\n\tgcc -O2 -c m.c\n' >Makefile
make -s && ./m a b; echo $?
gcc -static -O2 -o ms m.c -lm && ./ms; echo $?
