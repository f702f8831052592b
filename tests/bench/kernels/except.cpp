/* C++: exceptions thrown through several frames, virtual calls, strings and a map. */
extern "C" {
#include "bench.h"
}
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

struct guard {
    long &depth;
    explicit guard(long &d) : depth(d) { depth++; }
    ~guard() { depth--; }
};

class parser {
public:
    virtual ~parser() = default;
    virtual long parse(uint32_t token, int level, long &depth) = 0;
};

class strict : public parser {
public:
    long parse(uint32_t token, int level, long &depth) override
    {
        guard g(depth);
        if (level == 0) {
            if (token % 3 == 0)
                throw std::runtime_error("token " + std::to_string(token % 97));
            if (token % 3 == 1)
                throw std::out_of_range("range");
            return token;
        }
        return parse(token, level - 1, depth) + 1;
    }
};

}

int main(int argc, char **argv)
{
    long rounds = bench_work(argc, argv, 120000), depth = 0;
    std::map<std::string, long> seen;
    std::unique_ptr<parser> p = std::make_unique<strict>();
    uint32_t seed = 8;
    uint64_t sum = 0;
    for (long r = 0; r < rounds; r++) {
        uint32_t token = bench_random(&seed);
        try {
            int level = static_cast<int>(token >> 8 & 3);
            sum = bench_mix(sum, static_cast<uint64_t>(p->parse(token, level, depth)));
        } catch (const std::out_of_range &e) {
            sum = bench_mix(sum, std::string(e.what()).size());
        } catch (const std::exception &e) {
            seen[e.what()]++;
        }
    }
    for (const auto &entry : seen)
        sum = bench_mix(sum, entry.first.size() * 1000 + static_cast<uint64_t>(entry.second));
    printf("except %ld %016llx\n", depth, static_cast<unsigned long long>(sum));
    return 0;
}
