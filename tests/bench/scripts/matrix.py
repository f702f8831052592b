# openblas through numpy: matrix products and a solution, with sums rounded.
import sys

import numpy

rounds = max(1, 12 * int(sys.argv[1]) // 100)
i = numpy.arange(300 * 300, dtype=numpy.float64).reshape(300, 300)
a = (i * 7919 % 1009) / 1013
b = (i * 104729 % 997) / 991
total = 0.0
for r in range(rounds):
    c = a @ b
    f = a.astype(numpy.float32) @ b.astype(numpy.float32)
    x = numpy.linalg.solve(c / 300 + 50 * numpy.eye(300), b[:, r])
    s = numpy.sort(numpy.sin(a.ravel() + r))
    total += c.sum() / 1e6 + float(f.sum()) / 1e6 + x.sum() + s[100]
print("numpy %.3f" % total)
