# What other processes, and the guest itself, see of it.
"$emu" "$guest/die" wait one two &
pid=$!
sleep 0.5
check comm 0 "die" "" cat /proc/$pid/comm
check cmdline 0 "$guest/die wait one two " "" sh -c "tr '\\0' ' ' </proc/$pid/cmdline"
check one-thread 0 "$pid" "" ls /proc/$pid/task
kill -9 $pid
wait $pid 2>/dev/null

# A guest sees the program of a process that a copy of the emulator runs.
cp "$emu" "$tmp/copy"
"$tmp/copy" "$guest/die" wait &
pid=$!
sleep 0.5
check exe-of-copy 0 "ok" "" "$emu" "$guest/regress/proc_other" exe $pid "$(realpath "$guest/die")"
kill -9 $pid
wait $pid 2>/dev/null
