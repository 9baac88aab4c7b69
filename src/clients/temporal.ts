import { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client'
import { loadClientConnectConfig } from '@temporalio/envconfig'

/** Temporal as this process reaches it: the client, the queue that workers poll, and how to hang up. */
export type Temporal = { client: Client; taskQueue: string; close: () => Promise<void> }

/** Tries of one call while the server is away: about two seconds, so that a caller is told well before a deadline. */
const TRIES = 5

/**
 * Opens a connection by the standard `TEMPORAL_*` settings (`@temporalio/envconfig`). It connects when first used, so a
 * server that is away makes single calls fail and not the process.
 */
export function openTemporal(taskQueue: string): Temporal {
  const { connectionOptions, namespace } = loadClientConnectConfig()
  const connection = Connection.lazy({
    ...connectionOptions,
    interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: TRIES }))],
  })
  const client = new Client({ connection, ...(namespace ? { namespace } : {}) })
  return { client, taskQueue, close: () => connection.close() }
}
