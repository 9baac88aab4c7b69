import { page, when } from '../partner/page.tsx'
import type { MailBehaviour } from './behaviour.ts'
import type { Mail } from './mails.ts'

const REFRESH_SECONDS = 5

export function listPage(newestFirst: Mail[], behaviour: MailBehaviour) {
  return page(
    'Mail',
    REFRESH_SECONDS,
    <>
      <h1>Mail</h1>
      <p class="lead">
        Every mail that Holdfast sent, newest first. Nothing leaves this machine.
        {behaviour.mode !== 'accept' && <span class="bad"> New mail now meets: {behaviour.mode}.</span>}
      </p>
      {newestFirst.length === 0 ? (
        <p>No mail yet.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>Received</th>
              <th>To</th>
              <th>Subject</th>
            </tr>
          </thead>
          <tbody>
            {newestFirst.map((mail) => (
              <tr>
                <td class="dim">{when(mail.received_at)}</td>
                <td>{mail.to.join(', ')}</td>
                <td>
                  <a href={`/mails/${mail.id}`}>{mail.subject || '(no subject)'}</a>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>,
  )
}

export function mailPage(mail: Mail, deliveries: number) {
  return page(
    mail.subject || '(no subject)',
    undefined,
    <>
      <p>
        <a href="/">← All mail</a>
      </p>
      <h1>{mail.subject || '(no subject)'}</h1>
      <p class="lead">
        {mail.from} to {mail.to.join(', ')}, {when(mail.received_at)}
        {deliveries > 1 && `; this message was received ${deliveries} times`}
      </p>
      <Links mail={mail} />
      <h2>Text</h2>
      <pre>
        <Linked text={mail.text} />
      </pre>
      {mail.attachments.map(({ filename, text }) => (
        <>
          <h2>{filename}</h2>
          <pre>{text}</pre>
        </>
      ))}
      {mail.html !== '' && (
        <>
          <h2>HTML</h2>
          {/* Sandboxed: no scripts, no access to this page; a link that is pressed opens in the whole window. */}
          <iframe
            title="The mail as HTML"
            sandbox="allow-top-navigation-by-user-activation"
            srcdoc={`<base target="_top">${mail.html}`}
          />
        </>
      )}
      <h2>Headers</h2>
      <table>
        <tbody>
          {mail.headers.map(({ name, value }) => (
            <tr>
              <th scope="row">{name}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>,
  )
}

const LINK = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g

function Links({ mail }: { mail: Mail }) {
  // In HTML an ampersand within an address is written as an entity.
  const links = new Set(
    [...mail.text.matchAll(LINK), ...mail.html.replaceAll('&amp;', '&').matchAll(LINK)].flat(),
  )
  if (links.size === 0) return null
  return (
    <>
      <h2>Links</h2>
      <ul>
        {[...links].map((link) => (
          <li>
            <a href={link}>{link}</a>
          </li>
        ))}
      </ul>
    </>
  )
}

function Linked({ text }: { text: string }) {
  const links = [...text.matchAll(LINK)]
  // Splitting by the links leaves what stands between them, one piece more than there are links.
  return (
    <>
      {text.split(LINK).map((between, index) => (
        <>
          {between}
          {links[index] && <a href={links[index][0]}>{links[index][0]}</a>}
        </>
      ))}
    </>
  )
}
