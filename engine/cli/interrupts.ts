/**
 * Ctrl-C once: finish the steps under way, report, stop. Twice: cut. SIGTERM and SIGHUP count as the first.
 * @returns the two signals, and what gives the process its own handling of them back
 */
export function interrupts(): { readonly interrupt: AbortSignal; readonly cut: AbortSignal; release(): void } {
  const interrupt = new AbortController();
  const cut = new AbortController();
  const heard = () => (interrupt.signal.aborted ? cut : interrupt).abort();
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of names) process.on(name, heard);
  return {
    interrupt: interrupt.signal,
    cut: cut.signal,
    release() {
      for (const name of names) process.off(name, heard);
    },
  };
}
