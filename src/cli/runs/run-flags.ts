import {
  choiceFlag,
  type Flag,
  switchFlag,
  textFlag,
  textsFlag,
  valueFlag,
  valuesFlag,
} from '#cli/flags/flag'
import { parseSeconds, parseWholeSeconds } from '#cli/text/duration'
import { parseInputPlace, parseOutputPlace } from '#cli/text/places'
import { workloadFlags } from './workload-flags.ts'

const seconds = { read: parseWholeSeconds, expected: 'expected a time such as 30s or 5m' }

/** The flags of `artel run`: those of `docker run` where the words are the same. */
export const runFlags = {
  interactive: switchFlag('Keep stdin open', 'i'),
  tty: switchFlag('Give the program a terminal', 't'),
  detach: switchFlag('Print the id and return once it runs', 'd'),
  rm: switchFlag('Forget the run when it has ended'),
  name: textFlag('NAME', 'Name of the run'),
  hostname: textFlag('NAME', 'Host name in the container', { short: 'h' }),
  label: textsFlag('KEY[=VALUE]', 'Label; may be repeated', { short: 'l' }),
  ...workloadFlags,
  input: valuesFlag('PATH:TARGET', 'Send a file or folder to TARGET in the container', {
    read: parseInputPlace,
    expected: 'expected PATH:/TARGET such as ./data:/in',
  }),
  output: valuesFlag(
    'PATH:DIR',
    'Bring PATH home to DIR; made as a folder first, unless named like a file',
    {
      read: parseOutputPlace,
      expected: 'expected /PATH:DIR such as /out:./here',
    },
  ),
  timeout: valueFlag('TIME', 'Stop it after so long, such as 30s, 5m or 2h', {
    read: parseSeconds,
    expected: 'expected a time such as 30s, 5m or 2h',
  }),
  'stop-timeout': valueFlag('TIME', 'Grace between asking to end and killing', seconds),
  keep: valueFlag('TIME', 'Keep the lease open for the next run, such as 5m', seconds),
  restart: choiceFlag(
    ['no', 'on-failure-of-host'],
    'Whether to start again elsewhere when the host fails',
  ),
  'dry-run': switchFlag('Say which hosts fit and what they cost, rent nothing'),
  'sig-proxy': switchFlag('Hand signals on to the program', undefined, true),
  platform: choiceFlag(['linux/amd64', 'linux/arm64'], 'Refuse an image for another platform'),
  pull: choiceFlag(['always', 'missing', 'never'], 'Whether to ask the registry for the image'),
} satisfies Record<string, Flag<unknown>>
