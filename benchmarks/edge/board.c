/* A Cortex-M4F of QEMU's machine mps2-an386: starts, reads INPUTS step by step, and prints instructions and answers. With
   -icount shift=0 an instruction takes a nanosecond, and the system timer ticks every 40 of them. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "inputs.h"
#include "tested.h"

extern uint32_t stack_top, data_start, data_end, data_loaded, bss_start, bss_end;
void initialise_monitor_handles(void);
int main(void);

#define REGISTER(address) (*(volatile uint32_t *)(address))

void start(void) {
    uint32_t *from = &data_loaded, *to;
    for (to = &data_start; to < &data_end;) *to++ = *from++;
    for (to = &bss_start; to < &bss_end;) *to++ = 0;
    REGISTER(0xE000ED88u) |= 0xFu << 20; /* the floating-point unit */
    __asm__ volatile("dsb\n isb");
    initialise_monitor_handles();
    exit(main());
}

static void stop(void) { exit(3); }

__attribute__((section(".vectors"), used)) static void* const vectors[16] = {
    &stack_top, (void*)start, (void*)stop, (void*)stop, (void*)stop, (void*)stop, (void*)stop,
};

static uint32_t now(void) { return 0xFFFFFFu - REGISTER(0xE000E018u); }

static tested_state state;

int main(void) {
    float y[TESTED_OUTPUTS];
    uint32_t begin, ticks[2];
    int step, output, code = 0;
    REGISTER(0xE000E014u) = 0xFFFFFFu;
    REGISTER(0xE000E018u) = 0;
    REGISTER(0xE000E010u) = 5; /* from the processor's clock */
    tested_reset(&state);
    begin = now();
    for (step = 0; step < STEPS; ++step) code |= tested_step(&state, INPUTS[step], NULL);
    ticks[0] = now() - begin;
    tested_reset(&state);
    begin = now();
    for (step = 0; step < STEPS; ++step) code |= tested_step(&state, INPUTS[step], y);
    ticks[1] = now() - begin;
    printf("%d %lu %lu\n", code, (unsigned long)ticks[0], (unsigned long)ticks[1]);
    for (output = 0; output < TESTED_OUTPUTS; ++output) printf("%.9g\n", (double)y[output]);
    return 0;
}
