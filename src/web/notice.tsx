/** What a page says on top, before anything else. */
export type Notice = { tone: 'good' | 'bad'; title: string; items?: string[] }

/** What came of the last thing done, or what is wrong with it; read out and reached first. */
export function NoticeBox({ notice: { tone, title, items = [] } }: { notice: Notice }) {
  return (
    <div class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'} tabindex={-1} autofocus>
      <p>
        <strong>{title}</strong>
      </p>
      {items.length > 0 && (
        <ul>
          {items.map((item) => (
            <li>{item}</li>
          ))}
        </ul>
      )}
    </div>
  )
}
