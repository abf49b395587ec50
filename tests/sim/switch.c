// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "switch.h"

#define STACK_SIZE	(64 << 10)
#define GUARD_SIZE	4096

static void *program_sp;

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

static const void *program_stack;
static size_t program_stack_size;

static void going_to(const struct sim_stack *stack)
{
	if (stack)
		__sanitizer_start_switch_fiber(NULL, stack->base, STACK_SIZE);
	else
		__sanitizer_start_switch_fiber(NULL, program_stack,
					       program_stack_size);
}

static void back(void)
{
	__sanitizer_finish_switch_fiber(NULL, NULL, NULL);
}

void stack_entered(void)
{
	__sanitizer_finish_switch_fiber(NULL, &program_stack,
					&program_stack_size);
}

static void forget(struct sim_stack *stack)
{
	__asan_unpoison_memory_region(stack->base, STACK_SIZE);
}
#else
static void going_to(const struct sim_stack *stack)
{
	(void)stack;
}

static void back(void)
{
}

void stack_entered(void)
{
}

static void forget(struct sim_stack *stack)
{
	(void)stack;
}
#endif

#ifdef __x86_64__
/* swapcontext() asks the kernel for the signal mask, each time. */
void sim_switch(void **from, void *to);
asm(".text\n"
    ".globl sim_switch\n"
    ".type sim_switch, @function\n"
    "sim_switch:\n"
    "	pushq %rbp\n"
    "	pushq %rbx\n"
    "	pushq %r12\n"
    "	pushq %r13\n"
    "	pushq %r14\n"
    "	pushq %r15\n"
    "	movq %rsp, (%rdi)\n"
    "	movq %rsi, %rsp\n"
    "	popq %r15\n"
    "	popq %r14\n"
    "	popq %r13\n"
    "	popq %r12\n"
    "	popq %rbx\n"
    "	popq %rbp\n"
    "	ret\n"
    ".size sim_switch, . - sim_switch\n");

void stack_prepare(struct sim_stack *stack, void (*fn)(void))
{
	void **sp = (void **)(stack->base + STACK_SIZE);

	forget(stack);
	/* As if @fn had been called from nowhere. */
	*--sp = NULL;
	*--sp = (void *)fn;
	sp -= 6;
	memset(sp, 0, 6 * sizeof(*sp));
	stack->sp = sp;
}
#else
#include <ucontext.h>

/* The context lies at the lower end of its stack. */
static ucontext_t program;

static void sim_switch(void **from, void *to)
{
	ucontext_t *here = from == &program_sp ? &program : *from;

	*from = here;
	swapcontext(here, to);
}

void stack_prepare(struct sim_stack *stack, void (*fn)(void))
{
	ucontext_t *c = (ucontext_t *)stack->base;

	forget(stack);
	getcontext(c);
	c->uc_stack.ss_sp = c + 1;
	c->uc_stack.ss_size = STACK_SIZE - sizeof(*c);
	c->uc_link = NULL;
	makecontext(c, fn, 0);
	stack->sp = c;
}
#endif

void stack_make(struct sim_stack *stack)
{
	char *mem;

	mem = mmap(NULL, GUARD_SIZE + STACK_SIZE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED || mprotect(mem, GUARD_SIZE, PROT_NONE)) {
		perror("mmap");
		exit(2);
	}
	stack->base = mem + GUARD_SIZE;
}

void stack_enter(struct sim_stack *stack)
{
	going_to(stack);
	sim_switch(&program_sp, stack->sp);
	back();
}

void stack_leave(struct sim_stack *stack)
{
	going_to(NULL);
	sim_switch(&stack->sp, program_sp);
	stack_entered();
}
