import { createTransport } from 'nodemailer'
import { expect, test } from 'vitest'
import { startMailSink } from '../../../src/local/mail-sink/start.ts'
import { client, dataFolder } from './partner-bench.ts'

async function mailSink(folder = dataFolder(), socketTimeout = 10_000) {
  const running = await startMailSink({ HOST: '127.0.0.1', PORT: 0, SMTP_PORT: 0, DATA_DIR: folder })
  const smtp = createTransport({ host: '127.0.0.1', port: running.ports.smtp_port ?? 0, socketTimeout })
  return { ...client(running), running, send: (mail: object) => smtp.sendMail({ ...MAIL, ...mail }) }
}

const MAIL = {
  from: 'orders@holdfast.example',
  to: 'Ada <ada@customer.example>',
  subject: 'Your order – größer',
  messageId: '<one@holdfast.example>',
  text: 'See https://shop.example/o/1?a=1&b=2.',
  html: '<p>See <a href="https://shop.example/o/1?a=1&amp;b=2">it</a></p><script>alert(1)</script>',
}

test('keeps what it is sent, finds it by recipient and time, and keeps it over a restart', async () => {
  const folder = dataFolder()
  const sink = await mailSink(folder)
  const before = new Date().toISOString()
  await sink.send({})
  await sink.send({ to: 'bob@customer.example', messageId: '<two@holdfast.example>' })

  const { json: found } = await sink.get(`/api/mails?to=ADA@customer.example&since=${before}`)
  expect(found).toMatchObject([
    {
      message_id: '<one@holdfast.example>',
      from: 'orders@holdfast.example',
      to: ['ada@customer.example'],
      subject: MAIL.subject,
      text: expect.stringContaining('https://shop.example/o/1'),
      html: expect.stringContaining('<script>'),
      deliveries: 1,
    },
  ])
  expect((await sink.get('/api/mails?since=2100-01-01T00:00:00Z')).json).toEqual([])
  expect((await sink.get('/api/mails?since=yesterday')).status).toBe(400)

  const again = await mailSink(folder)
  expect((await again.get('/api/mails')).json).toHaveLength(2)
  expect((await again.remove('/api/mails')).status).toBe(204)
  expect((await again.get('/api/mails')).json).toEqual([])
})

test('shows a mail with its links, and its HTML where no script runs', async () => {
  const sink = await mailSink()
  await sink.send({})
  const { json } = await sink.get('/api/mails')

  expect((await sink.get('/')).text).toContain(`<a href="/mails/${json[0].id}">${MAIL.subject}</a>`)
  const { text: page } = await sink.get(`/mails/${json[0].id}`)
  const link = 'https://shop.example/o/1?a=1&amp;b=2'
  expect(page.split(`<a href="${link}">${link}</a>`)).toHaveLength(3) // in the list of links and in the text
  expect(page).toContain('sandbox="allow-top-navigation-by-user-activation"')
  expect(page).not.toContain('<script>')
  expect((await sink.get('/mails/1')).status).toBe(404)
})

test('refuses, defers, in its own words or in given ones, for as often as told', async () => {
  const sink = await mailSink()
  await sink.put('/api/behaviour', { mode: 'refuse', times: 1 })
  await expect(sink.send({})).rejects.toMatchObject({
    responseCode: 550,
    response: expect.stringContaining('<ada@customer.example>: Recipient address rejected'),
  })
  await sink.put('/api/behaviour', {
    mode: 'tempfail',
    times: 1,
    reply: '452 4.2.2 {recipient} is over quota',
  })
  await expect(sink.send({})).rejects.toMatchObject({
    response: '452 4.2.2 ada@customer.example is over quota',
  })
  await sink.send({})
  expect((await sink.get('/api/mails')).json).toHaveLength(1)
  expect((await sink.put('/api/behaviour', { mode: 'sulk' })).status).toBe(400)
})

test('hangs, and loses its answer, so that the sender repeats itself', async () => {
  const sink = await mailSink(dataFolder(), 1_000)
  await sink.put('/api/behaviour', { mode: 'hang', times: 1 })
  await expect(sink.send({})).rejects.toThrow(/timeout/i)
  expect((await sink.get('/api/mails')).json).toEqual([])

  await sink.put('/api/behaviour', { mode: 'lost-answer', times: 1 })
  await expect(sink.send({})).rejects.toThrow(/closed/i)
  await sink.send({})
  expect((await sink.get('/api/mails')).json).toMatchObject([{ deliveries: 2 }, { deliveries: 2 }])
})
