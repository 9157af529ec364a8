/** Asks every 2 ms until there is an answer: for peers whose own waiting is coarser than what is to be measured. */
export async function polled<T>(ask: () => Promise<{ readonly value: T } | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (answer) return answer.value
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
