/* java: arrays, objects, strings, hash maps, recursion, doubles. */
import java.util.Arrays;
import java.util.HashMap;

public class Bench {
    static int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

    record Point(long x, long y) {
        Point add(Point o) { return new Point(x + o.x, y ^ o.y); }
    }

    static double orbit(int n) {
        double x = 1, y = 0, vx = 0, vy = 0.5;
        for (int i = 0; i < n; i++) {
            double d = x * x + y * y, f = -0.001 / (d * Math.sqrt(d));
            vx += x * f;
            vy += y * f;
            x += vx * 0.001;
            y += vy * 0.001;
        }
        return x + y;
    }

    public static void main(String[] args) {
        int rounds = Math.max(1, 20 * Integer.parseInt(args[0]) / 100);
        long total = 0;
        for (int r = 0; r < rounds; r++) {
            int[] v = new int[200000];
            int seed = r + 1;
            for (int i = 0; i < v.length; i++) {
                seed = seed * 1664525 + 1013904223;
                v[i] = seed >>> 8;
            }
            Arrays.sort(v);
            HashMap<String, Integer> map = new HashMap<>();
            for (int i = 0; i < 20000; i++)
                map.merge("k" + v[i] % 997, i, Integer::sum);
            Point p = new Point(0, 0);
            for (int i = 0; i < 100000; i++)
                p = p.add(new Point(v[i % v.length], i));
            total += fib(24) + p.x + p.y + map.hashCode() + v[1000];
        }
        System.out.printf("java %d %.6f%n", total, orbit(rounds * 100000));
    }
}
