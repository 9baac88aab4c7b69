import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import {
  type ClientHttp2Stream,
  connect,
  constants,
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** The name that the front's certificate has beside its address. */
export const FRONT_NAME = 'temporal.example'

/** Paths of what a front and its clients show each other, and of an authority that neither knows. */
export type Certificates = {
  authority: string
  stranger: string
  server: { certificate: string; key: string }
  client: { certificate: string; key: string }
}

/** What a front saw of one call. */
type Call = { method: string; authorization: string | undefined; namespace: string | undefined }

export type TemporalFront = {
  /** `host:port`, as Temporal's settings want it. */
  readonly address: string
  readonly calls: readonly Call[]
  close: () => Promise<void>
}

/**
 * What Temporal Cloud has before its servers: TLS, and callers who show an API key or a certificate. Calls that pass go
 * on to the server at `to`.
 */
export async function startTemporalFront(options: {
  to: string
  certificates: Certificates
  asks: { apiKey: string } | 'certificate'
}): Promise<TemporalFront> {
  const { to, asks } = options
  const { authority, server: own } = options.certificates
  const behind = connect(`http://${to}`)
  behind.on('error', () => undefined)
  const calls: Call[] = []
  const sessions = new Set<ServerHttp2Session>()

  const server = createSecureServer({
    cert: readFileSync(own.certificate),
    key: readFileSync(own.key),
    ...(asks === 'certificate' && {
      ca: readFileSync(authority),
      requestCert: true,
      rejectUnauthorized: true,
    }),
  })
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
    session.on('error', () => undefined)
  })
  server.on('stream', (stream, headers) => {
    const namespace = headers['temporal-namespace']
    calls.push({
      method: String(headers[':path']).split('/').at(-1) ?? '',
      authorization: headers.authorization,
      namespace: typeof namespace === 'string' ? namespace : undefined,
    })
    if (asks !== 'certificate' && headers.authorization !== `Bearer ${asks.apiKey}`) refuse(stream)
    else if (behind.destroyed) stream.close()
    else pass(stream, behind.request({ ...headers, ':scheme': 'http', ':authority': to }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    address: `localhost:${(server.address() as AddressInfo).port}`,
    calls,
    close: async () => {
      for (const session of sessions) session.destroy()
      behind.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** As Temporal answers strangers. */
function refuse(stream: ServerHttp2Stream): void {
  stream.respond(
    {
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-status': '7',
      'grpc-message': 'Request unauthorized.',
    },
    { endStream: true },
  )
}

function pass(stream: ServerHttp2Stream, call: ClientHttp2Stream): void {
  call.on('error', () => stream.close())
  stream.on('error', () => undefined)
  stream.on('close', () => call.close(constants.NGHTTP2_CANCEL))
  let trailers: IncomingHttpHeaders = {}
  call.on('trailers', (received) => {
    trailers = received
  })
  call.on('response', (answer, flags) => {
    if (stream.destroyed) return
    // A refusal has no body: what would follow as trailers is in the head.
    const ends = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0
    stream.respond(answer, { endStream: ends, waitForTrailers: !ends })
    stream.on('wantTrailers', () => stream.sendTrailers(trailers))
    if (!ends) call.pipe(stream)
  })
  stream.pipe(call)
}

/** Makes an authority, what it certifies, and another authority in this folder; with `openssl`, which has to be there. */
export function makeCertificates(folder: string): Certificates {
  const path = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const authority = (name: string) => {
    const [certificate, key] = [path(`${name}.pem`), path(`${name}.key`)]
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      key,
      '-out',
      certificate,
    )
    return { certificate, key }
  }
  const signer = authority('authority')
  writeFileSync(path('extensions'), `subjectAltName = DNS:localhost, DNS:${FRONT_NAME}\n`)
  const certified = (name: string) => {
    const [certificate, key, request] = [path(`${name}.pem`), path(`${name}.key`), path(`${name}.csr`)]
    openssl('req', '-new', ...newKey, '-subj', `/CN=${name}`, '-keyout', key, '-out', request)
    const by = ['-CA', signer.certificate, '-CAkey', signer.key, '-CAcreateserial']
    openssl(
      'x509',
      '-req',
      '-in',
      request,
      ...by,
      '-days',
      '2',
      '-extfile',
      path('extensions'),
      '-out',
      certificate,
    )
    return { certificate, key }
  }
  return {
    authority: signer.certificate,
    stranger: authority('stranger').certificate,
    server: certified('server'),
    client: certified('client'),
  }
}
