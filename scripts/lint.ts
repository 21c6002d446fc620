import { runSteps } from './run-steps.ts'

process.exitCode =
  runSteps([
    { name: 'format, layers, style', command: ['biome', 'check', '--error-on-warnings', '.'] },
    { name: 'types', command: ['tsc', '-p', '.'] },
    { name: 'unused code', command: ['knip'] },
    { name: 'Solidity format', command: ['forge', 'fmt', '--check'] },
    { name: 'Solidity lint', command: ['forge', 'lint'] },
    {
      name: 'solhint',
      command: ['solhint', '--disc', '--max-warnings', '0', 'contracts/src/**/*.sol'],
    },
    { name: 'generated ABIs', command: ['node', 'scripts/generate-abis.ts', '--check'] },
  ]) === 0
    ? 0
    : 1
