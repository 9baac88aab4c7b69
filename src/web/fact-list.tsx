import type { Child } from 'hono/jsx'

/** What is known, by name; what is not is left out. */
export type Facts = [name: string, value: Child][]

/** How somebody is reached, each with one touch. */
export function contactFacts(email: string | undefined, phone?: string | null): Facts {
  return [
    ['E-mail', email && <a href={`mailto:${email}`}>{email}</a>],
    ['Telephone', phone && <a href={`tel:${phone.replace(/[^+\d]/g, '')}`}>{phone}</a>],
  ]
}

export function FactList({ facts }: { facts: Facts }) {
  return (
    <dl class="facts card">
      {facts.map(
        ([name, value]) =>
          value && (
            <div>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  )
}
