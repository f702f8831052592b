# perl: hashes, regular expressions, sorting, string building.
my $rounds = int(15 * ($ARGV[0] || 100) / 100) || 1;
my $total = 0;
for my $r (1 .. $rounds) {
    my (%seen, @list);
    for my $i (1 .. 20000) {
        my $key = "k" . ($i * 7919 % 1999);
        $seen{$key} += $i;
        push @list, ($i * 104729) % 10007;
    }
    my $text = join(",", map { "$_=$seen{$_}" } sort keys %seen);
    my $n = () = $text =~ /k1(\d+)=(\d+)/g;
    (my $copy = $text) =~ s/(\d)(\d)/$2$1/g;
    @list = sort { $a <=> $b } @list;
    my $fold = 0;
    $fold = ($fold * 31 + ord) % 1000003 for split //, substr($copy, 0, 20000);
    $total += $n + $fold + $list[500];
}
print "perl $total\n";
