import type { AddressInfo, Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server'
import type { Behaviour } from '../partner/behaviour.ts'
import type { MailBehaviour } from './behaviour.ts'
import type { Mails } from './mails.ts'

/** Takes mail over SMTP, without sign-in or TLS: it listens on this machine only. */
export async function listenForMail(
  host: string,
  port: number,
  behaviour: Behaviour<MailBehaviour>,
  mails: Mails,
): Promise<{ port: number; stop: () => Promise<void> }> {
  const sockets = new Map<number | undefined, Socket>()

  const smtp = new SMTPServer({
    // STARTTLS would come with a certificate that no sender trusts.
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 100,

    onRcptTo({ address }, _session, callback) {
      const { reply } = behaviour.current
      if (behaviour.take('hang')) return
      if (behaviour.take('refuse')) {
        return callback(
          refusal(550, reply ?? '5.1.1 <{recipient}>: Recipient address rejected: User unknown', address),
        )
      }
      if (behaviour.take('tempfail')) {
        return callback(
          refusal(451, reply ?? '4.7.1 <{recipient}>: Temporarily deferred, try again later', address),
        )
      }
      callback()
    },

    onData(stream, session, answer) {
      void receive(stream, session).then(answer)
    },
  })

  /** Keeps the mail; what it returns is the fault to answer with, and it does not return when no answer is to go out. */
  async function receive(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<Error | null> {
    try {
      await mails.receive(await buffer(stream), session.envelope)
    } catch (error) {
      return refusal(554, `5.6.0 The mail cannot be read: ${String(error)}`, '')
    }
    if (!behaviour.take('lost-answer')) return null
    sockets.get(session.remotePort)?.destroy()
    return new Promise(() => {})
  }

  smtp.server.on('connection', (socket) => {
    const { remotePort } = socket
    sockets.set(remotePort, socket)
    socket.once('close', () => sockets.delete(remotePort))
  })
  // A sender that goes away in the middle is no reason to stop.
  smtp.on('error', (error) => console.error('SMTP:', error.message))

  await new Promise<void>((resolve, reject) => {
    smtp.server.once('error', reject)
    smtp.listen(port, host, resolve)
  })
  return {
    port: (smtp.server.address() as AddressInfo).port,
    stop: () => new Promise((resolve) => smtp.close(resolve)),
  }
}

function refusal(usualCode: number, reply: string, recipient: string): Error {
  const code = /^[45]\d\d(?= )/.exec(reply)?.[0]
  const text = code ? reply.slice(code.length + 1) : reply
  const responseCode = code ? Number(code) : usualCode
  return Object.assign(new Error(text.replaceAll('{recipient}', recipient)), { responseCode })
}
