/** What is known, by name; what is not is left out. */
export type Facts = [name: string, value: string | null | undefined | false][]

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
