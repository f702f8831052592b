# Where the host refuses what the emulator would like to have: hardened, old, limited, or PRoot.
children=$guest/regress/offspring

# The emulator's own wishes: without them everything works.
"$refuse" mdwe /bin/true >/dev/null && mdwe=mdwe || mdwe= # before Linux 6.3
for what in $mdwe 'mprotect+2&4:EPERM' 'mprotect+2&4:EACCES,memfd_create:ENOSYS' \
    'mprotect+2&4:EPERM,mremap:EPERM,memfd_create:EPERM,shmget:EPERM' \
    'mprotect+2&4:EPERM,mmap+2&4:EACCES'; do
    check "executable memory: $what" 0 "$hello" "" "$refuse" "$what" "$emu" "$guest/hello-aarch64"
    check "children: $what" 0 "" "" "$refuse" "$what" "$emu" "$children"
done
for call in madvise memfd_create mremap personality prctl prlimit64 getrandom open \
    clock_gettime set_robust_list execveat faccessat2; do
    for error in EPERM ENOSYS; do
        check "$call: $error" 0 "" "" "$refuse" "$call:$error" "$emu" "$children"
    done
done

# What nobody can do without: one line that says so.
for call in mmap mprotect sigaltstack rt_sigaction rt_sigprocmask openat fstat pread64; do
    for error in EPERM EACCES ENOSYS ENOMEM; do
        check "$call: $error" 1 "" . "$refuse" "$call:$error" "$emu" "$guest/hello-aarch64"
        [ "$(wc -l <"$tmp/err")" = 1 ] || {
            failures=$((failures + 1))
            echo "FAIL $part: $call: $error: more than one line"
        }
    done
done
check "no executable memory at all" 1 "" "jit buffer: Cannot allocate memory$" "$refuse" \
    'mprotect+2&4:EPERM,mmap+2&4:EACCES,shmat+2&8000:EACCES' "$emu" "$guest/hello-aarch64"

# Limits: the cache takes what is left, and a child without room for a copy begins anew.
for limit in "-v 200000" "-v 100000" "-v 60000" "-d 30000"; do
    # shellcheck disable=SC2086
    check "ulimit $limit" 0 "$hello" "" sh -c "ulimit $limit; exec \"\$0\" \"\$1\"" "$emu" \
        "$guest/hello-aarch64"
    check "children: ulimit $limit" 0 "" "" sh -c "ulimit $limit; exec \"\$0\" \"\$1\"" "$emu" \
        "$children"
done
for limit in 90000 150000; do
    check "used up: ulimit -v $limit" 0 "" "" \
        sh -c 'ulimit -v $2; exec "$0" "$1" $(($2 * 1024))' "$emu" "$guest/syscalls/limits" $limit
done
check "children: a cache that fits once" 0 "" "" \
    sh -c 'ulimit -v 250000; exec "$0" -tb-size 64 "$1"' "$emu" "$children"

if command -v proot >/dev/null; then
    for seccomp in "" PROOT_NO_SECCOMP=1; do
        check "proot $seccomp" 0 "$hello" "" env $seccomp proot "$emu" "$guest/hello-aarch64"
        check "proot $seccomp, children" 0 "" "" env $seccomp proot "$emu" "$children"
        check "proot -q $seccomp" 0 "$hello" "" env $seccomp proot -q "$emu" "$guest/hello-aarch64"
        check "proot -q $seccomp, children" 0 "" "" env $seccomp proot -q "$emu" "$children"
    done
else
    echo "not tested: proot is not installed"
fi
