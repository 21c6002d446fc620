/** `kill`, `SIGKILL`, `9` -> `KILL`, `KILL`, `9`, or undefined. */
export const parseSignal = (text: string): string | undefined => {
  if (/^[1-9]\d?$/.test(text)) return Number(text) <= 64 ? text : undefined
  const name = text.toUpperCase().replace(/^SIG/, '')
  return /^(HUP|INT|QUIT|ILL|TRAP|ABRT|BUS|FPE|KILL|USR[12]|SEGV|PIPE|ALRM|TERM|STKFLT|CHLD|CONT|STOP|TSTP|TTIN|TTOU|URG|XCPU|XFSZ|VTALRM|PROF|WINCH|IO|POLL|PWR|SYS|RTMIN(\+\d{1,2})?|RTMAX(-\d{1,2})?)$/.test(
    name,
  )
    ? name
    : undefined
}
