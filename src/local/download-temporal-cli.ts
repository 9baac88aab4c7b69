import { Runtime } from '@temporalio/worker'

/**
 * Lets the Temporal SDK download the CLI into the folder named first, in the version named second. The SDK can
 * only do so while it starts a server, and cannot be told to give up: so it is a process of its own.
 */
const [downloadDir = '', version = ''] = process.argv.slice(2)
try {
  const server = await Runtime.instance().createEphemeralServer({
    type: 'dev-server',
    exe: {
      type: 'cached-download',
      downloadDir,
      version,
      ttl: 0,
      sdkName: 'sdk-typescript',
      sdkVersion: '1.24.0',
    },
    namespace: 'default',
    ip: '127.0.0.1',
    port: null,
    uiPort: null,
    dbFilename: null,
    ui: false,
    log: { format: 'pretty', level: 'error' },
    extraArgs: [],
  })
  await Runtime.instance().shutdownEphemeralServer(server)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
