/** Runs a program's main function; what goes wrong at the start is said in a line, not as a stack trace. */
export async function run(main: () => void | Promise<void>): Promise<void> {
  try {
    await main()
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    process.exit(1)
  }
}
