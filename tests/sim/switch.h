/* SPDX-License-Identifier: GPL-2.0-only */
/* Stacks, and going from one to another. */
#ifndef SIM_SWITCH_H
#define SIM_SWITCH_H

struct sim_stack {
	void *sp;		/* while nothing runs on it */
	char *base;
};

void stack_make(struct sim_stack *stack);
/* Forget what is on it; who enters it next calls @fn, which must not return. */
void stack_prepare(struct sim_stack *stack, void (*fn)(void));
/* From the stack of the program to @stack, until that leaves. */
void stack_enter(struct sim_stack *stack);
void stack_leave(struct sim_stack *stack);
/* The first thing that @fn does. */
void stack_entered(void);

#endif
