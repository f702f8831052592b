#include <stdio.h>
#include <setjmp.h>
#include <pthread.h>
__attribute__((noinline)) long f(long n, long*p){ if(n==0) return *p; long r=f(n-1,p)+1; *p+=r&1; return r; }
static jmp_buf jb; __attribute__((noinline)) void g(int n){ if(n==0) longjmp(jb,1); g(n-1); asm volatile(""); }
static void*th(void*a){ long p=0; return (void*)f(3000,&p); }
int main(){ long p=0; for(int k=0;k<3;k++) printf("%ld\n", f(3000000,&p)); for(int i=0;i<1000;i++) if(!setjmp(jb)) g(i%50); pthread_t t; void*r; pthread_create(&t,0,th,0); pthread_join(t,&r); printf("%ld\n",(long)r); return 0;}
