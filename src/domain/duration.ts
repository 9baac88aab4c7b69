const UNITS = [
  ['D', 86_400],
  ['H', 3_600],
  ['M', 60],
  ['S', 1],
] as const

/** Whole seconds as an ISO 8601 duration of days, hours, minutes and seconds: 90,000 is `P1DT1H`. */
export function isoDuration(seconds: number): string {
  let left = seconds
  const parts = UNITS.map(([letter, size]) => {
    const count = Math.floor(left / size)
    left -= count * size
    return count > 0 ? `${count}${letter}` : ''
  })
  const [days = '', ...rest] = parts
  const time = rest.join('')
  if (days === '' && time === '') return 'PT0S'
  return time === '' ? `P${days}` : `P${days}T${time}`
}
