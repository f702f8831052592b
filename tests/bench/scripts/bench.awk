# awk over a text: counts words, sums numbers, builds strings.
{
    for (i = 1; i <= NF; i++) {
        w = tolower($i)
        gsub(/[.,]/, "", w)
        if (w ~ /^[0-9]+$/)
            sum += w
        else
            seen[w]++
    }
}
END {
    for (w in seen) {
        n++
        letters += length(w) * seen[w]
    }
    print "awk", n, letters, sum
}
