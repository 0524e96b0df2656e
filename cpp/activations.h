// Sigmoid and hyperbolic tangent.
//
// fp32: 2^t - 1 as s * (f * q(f)) + (s - 1) with n = round(t), f = t - n, s = 2^n and q a minimax polynomial (relative error below
// 1e-8), so that small arguments of tanh keep their relative precision; one reciprocal each. fp64: the standard library, lane by lane.
#pragma once

#include "simd.h"

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

// value capped at `limit`; not-a-number stays what it is.
GATEWISE_INLINE Vector cap(Vector value, Real limit) {
    const Vector bound = splat(limit);
    return select(value > bound, bound, value);
}

#if GATEWISE_REAL_BITS == 32

GATEWISE_INLINE Vector reciprocal(Vector value) { return splat(1) / value; }

// t as a whole number and a fraction in [-1/2, 1/2], the former as the power of two that it stands for; t at most 100.
struct Power {
    Vector fraction, scale;
};

GATEWISE_INLINE Power split_power(Vector t) {
#if defined(__AVX512F__)
    const Vector whole = _mm512_roundscale_ps(t, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    return {t - whole, _mm512_scalef_ps(splat(1), whole)};
#else
    const Vector floor = splat(-126);
    t = select(t < floor, floor, t);
    const Vector magic = splat(12582912.0f);  // 1.5 * 2^23: adding it leaves the rounded value in the low bits
    const Vector shifted = t + magic;
    const IntegerVector bits = (reinterpret_cast<IntegerVector>(shifted) << 23) + 0x3f800000;
    return {t - (shifted - magic), reinterpret_cast<Vector>(bits)};
#endif
}

// 2^t - 1, exact to its last bits near t = 0.
GATEWISE_INLINE Vector power_less_one(Vector t) {
    const Power power = split_power(cap(t, 100));
    const Vector f = power.fraction;
    Vector q = splat(0.0001546973459f);
    q = q * f + splat(0.001339086685f);
    q = q * f + splat(0.009618030772f);
    q = q * f + splat(0.05550357105f);
    q = q * f + splat(0.2402265108f);
    q = q * f + splat(0.693147188f);
    return power.scale * (f * q) + (power.scale - splat(1));
}

// 1 + e^x, the reciprocal of a sigmoid.
GATEWISE_INLINE Vector one_plus_exponential(Vector x) { return splat(2) + power_less_one(x * splat(1.44269504088896341f)); }

GATEWISE_INLINE Vector sigmoid(Vector x) {
#if defined(__AVX512F__)
    // 2^t from its fraction in [0, 1), relative error below 8e-8; what overflows ends in the reciprocal of infinity.
    const Vector t = x * splat(-1.44269504088896341f), f = _mm512_reduce_ps(t, _MM_FROUND_TO_NEG_INF);
    Vector p = splat(0.001877576609f);
    p = p * f + splat(0.008989340252f);
    p = p * f + splat(0.05582631792f);
    p = p * f + splat(0.2401536171f);
    p = p * f + splat(0.6931530732f);
    p = p * f + splat(0.9999999251f);
    return reciprocal(splat(1) + _mm512_scalef_ps(p, t));
#else
    return reciprocal(one_plus_exponential(-x));
#endif
}

GATEWISE_INLINE Vector hyperbolic_tangent(Vector x) {
    const Vector less_one = power_less_one(x * splat(2.88539008177792682f));
    return less_one * reciprocal(less_one + splat(2));
}

#else

GATEWISE_INLINE Vector reciprocal(Vector value) { return splat(1) / value; }

GATEWISE_INLINE Vector one_plus_exponential(Vector x) {
    const Vector capped = cap(x, 600);
    Vector result;
    for (int lane = 0; lane < lanes; ++lane) result[lane] = 1 + std::exp(capped[lane]);
    return result;
}

GATEWISE_INLINE Vector sigmoid(Vector x) { return splat(1) / one_plus_exponential(-x); }

GATEWISE_INLINE Vector hyperbolic_tangent(Vector x) {
    Vector result;
    for (int lane = 0; lane < lanes; ++lane) result[lane] = std::tanh(x[lane]);
    return result;
}

#endif

}  // namespace
}  // namespace GATEWISE_ISA
}  // namespace gatewise
