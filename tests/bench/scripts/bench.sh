# bash: arithmetic, arrays, pattern substitution, functions. No other program is called.
rounds=$((25 * ${1:-100} / 100))
[ "$rounds" -gt 0 ] || rounds=1
total=0
declare -A seen
add() {
    local a=$1 b=$2
    total=$(((total + a * b) % 1000003))
}
for ((r = 0; r < rounds; r++)); do
    s=
    for ((i = 0; i < 500; i++)); do
        key=k$((i * 7919 % 211))
        seen[$key]=$((${seen[$key]:-0} + i))
        add $i $r
        case $key in
        k1*) s+=${key#k} ;;
        *[05]) s=${s%5}x ;;
        esac
    done
    t=${s//1/ab}
    total=$((total + ${#t}))
done
echo "bash $total ${#seen[@]}"
