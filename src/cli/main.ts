import { runCli } from './run-cli.ts'

const code = await runCli(process.argv.slice(2))
// Sockets and the terminal's input would keep the process; everything that was printed is out by now.
process.exit(code)
