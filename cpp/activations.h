// Sigmoid and hyperbolic tangent: the same on every instruction set, infinities saturate and not-a-number stays what it is.
//
// fp32: the argument is n * step + y with n whole and y near zero, so that a power of two and a short polynomial give the rest; sums and
// differences are arranged so that what is large is never rounded before it is subtracted. docs/accuracy.md has the errors.
// fp64: the standard library, lane by lane.
#pragma once

#include "simd.h"

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

GATEWISE_INLINE Vector reciprocal(Vector value) { return splat(1) / value; }

#if GATEWISE_REAL_BITS == 32

// A whole number in two forms: as itself and as the power of two that it stands for, which is 0 at -127 and infinity at 128.
struct Whole {
    Vector number, power;
};

// The whole number nearest to x * scale, which lies in -127 to 128.
GATEWISE_INLINE Whole nearest_whole(Vector x, Real scale) {
    const Vector magic = splat(12582912.0f);  // 1.5 * 2^23: adding it leaves the rounded value in the low bits
    const Vector shifted = x * splat(scale) + magic;
    const IntegerVector bits = (reinterpret_cast<IntegerVector>(shifted) << 23) + 0x3f800000;
    return {shifted - magic, reinterpret_cast<Vector>(bits)};
}

// 1 + e^-x, the reciprocal of a sigmoid, for x of at least `least`: -87 keeps it, and twice it, finite; at -89 it is infinity.
GATEWISE_INLINE Vector one_plus_exponential(Vector x, Real least) {
    x = at_most(at_least(x, least), 88);
    const Whole n = nearest_whole(x, -1.44269504088896341f);
    const Vector y = (x + n.number * splat(0.693359375f)) + n.number * splat(-2.12194440e-4f);  // ln 2 in two parts
    Vector p = splat(-0.0083121001f);
    p = p * y + splat(0.0418905769f);
    p = p * y + splat(-0.1666711979f);
    p = p * y + splat(0.4999922872f);
    p = p * y + splat(-1);
    p = p * y + splat(1);
    return n.power * p + splat(1);
}

GATEWISE_INLINE Vector sigmoid(Vector x) { return reciprocal(one_plus_exponential(x, -89)); }

// With a = e^(2n ln 2 / 2) = 2^n and u = tanh(y): tanh(n ln 2 / 2 + y) = ((a - 1) + (a + 1) u) / ((a + 1) + (a - 1) u), which is u where
// n = 0. Nearer to 1 it is 1 less what is missing, so that 1 - tanh^2 keeps its precision.
GATEWISE_INLINE Vector hyperbolic_tangent(Vector x) {
    const IntegerVector sign = reinterpret_cast<IntegerVector>(x) & reinterpret_cast<IntegerVector>(splat(-0.0f));
    const Vector size = at_most(reinterpret_cast<Vector>(reinterpret_cast<IntegerVector>(x) ^ sign), 10);
    const Whole n = nearest_whole(size, 2.88539008177792682f);
    const Vector y = size - n.number * splat(0.346573590279972655f), z = y * y;
    const Vector u = y + y * z * ((splat(-0.0527255579f) * z + splat(0.1333117899f)) * z + splat(-0.3333332269f));
    const Vector less = n.power - splat(1), more = n.power + splat(1);
    const IntegerVector near_one = size > splat(0.7f);
    const Vector quotient = select(near_one, splat(2) - splat(2) * u, less + more * u) / (more + less * u);
    const Vector result = select(near_one, splat(1) - quotient, quotient);
    return reinterpret_cast<Vector>(reinterpret_cast<IntegerVector>(result) | sign);
}

#else

GATEWISE_INLINE Vector one_plus_exponential(Vector x, Real least) {
    const Vector bounded = at_least(x, least);
    Vector result;
    for (int lane = 0; lane < lanes; ++lane) result[lane] = 1 + std::exp(-bounded[lane]);
    return result;
}

GATEWISE_INLINE Vector sigmoid(Vector x) { return reciprocal(one_plus_exponential(x, -710)); }

GATEWISE_INLINE Vector hyperbolic_tangent(Vector x) {
    Vector result;
    for (int lane = 0; lane < lanes; ++lane) result[lane] = std::tanh(x[lane]);
    return result;
}

#endif

}  // namespace
}  // namespace GATEWISE_ISA
}  // namespace gatewise
