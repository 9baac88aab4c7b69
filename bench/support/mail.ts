import { listenForMail } from './outside.ts'

/** The mail server of a benchmark, in a process of its own, as it would be on a machine of its own. */
listenForMail(Number(process.env.SMTP_PORT))
console.log(JSON.stringify({ msg: 'listening' }))
