cat <<END | tr a-z A-Z | sed 's/B/b/'
abc
$((6 * 7))
END
for i in 3 1 2; do echo $i; done | sort -n | paste -sd,
f() { local x=$1; echo "f $x"; return 3; }
f one; echo $?
(exit 5); echo $?
a=(x y z); echo ${#a[@]} ${a[1]}
seq 1 1000 | awk '{ s += $1 } END { print s }'
echo $(echo nested $(echo deep))
trap 'echo trapped' USR1; kill -USR1 $$; echo after
sleep 0.1 & wait $!; echo waited $?
diff <(echo a) <(echo b) >/dev/null; echo $?
