// Tests of the kernels without Python, so that they run under sanitizers and emulators.
#include "check.h"

int main() {
    const struct {
        const char* name;
        void (*run)();
    } tests[] = {
        {"team", test_team}, {"workspace", test_workspace}, {"dispatch", test_dispatch}, {"int8", test_int8}, {"kernels", test_kernels}};
    for (const auto& test : tests) {
        std::printf("%s\n", test.name);
        std::fflush(stdout);
        test.run();
    }
    return 0;
}
