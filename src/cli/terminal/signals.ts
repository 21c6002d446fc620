const proxied = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGCONT',
] as const

/** Calls `handle` for each signal that a person or program sends us; the returned function ends that. */
export const onSignals = (handle: (name: string) => void): (() => void) => {
  const listeners = proxied.map((signal) => {
    const listener = (): void => handle(signal.slice(3))
    process.on(signal, listener)
    return () => process.off(signal, listener)
  })
  return () => {
    for (const off of listeners) off()
  }
}
