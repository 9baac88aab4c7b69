/** Prints where the stack of this clone runs; ends with code 3 when none does. Asked before anything is installed or built. */
import { runningStack } from './running.ts'

const running = runningStack()
if (running) console.log(running)
process.exitCode = running ? 0 : 3
