/** Stands in for a mail server: keeps what it is sent and shows it on a page. */
import { MailSinkSettings, startMailSink } from './mail-sink/start.ts'
import { runPartner } from './partner/run.ts'

await runPartner(MailSinkSettings, startMailSink)
