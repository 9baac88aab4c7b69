/** The messages that processes understand, for whoever sends them: callers know clients, not workflows. */
export * from '../workflows/messages.ts'
