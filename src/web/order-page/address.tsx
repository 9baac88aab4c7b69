import type { PropsWithChildren } from 'hono/jsx'
import { COUNTRIES } from '../../domain/country.ts'
import type { Address } from '../../store/order.ts'
import { Field, Select, type View } from './fields.tsx'
import type { Tone } from './words.ts'

const ADDRESS_LINES = 4

/** The fields of a postal address; browsers know them by `autocomplete`. */
export function AddressFields({ view, action, address }: { view: View; action: string; address: Address }) {
  const at = { view, action }
  return (
    <>
      <Field
        {...at}
        name="name"
        label="Name"
        value={address.name}
        autocomplete="name"
        maxlength={200}
        required
      />
      {Array.from({ length: Math.max(2, address.lines.length) }, (_, index) => (
        <Field
          {...at}
          name={`line-${index + 1}`}
          label={index === 0 ? 'Street and house number' : `Address line ${index + 1} (optional)`}
          value={address.lines[index]}
          autocomplete={index < 3 ? `address-line${index + 1}` : undefined}
          maxlength={200}
          required={index === 0}
        />
      ))}
      <div class="pair">
        <Field
          {...at}
          name="postcode"
          label="Postcode"
          value={address.postcode}
          autocomplete="postal-code"
          maxlength={20}
          required
        />
        <Field
          {...at}
          name="city"
          label="Town or city"
          value={address.city}
          autocomplete="address-level2"
          maxlength={100}
          required
        />
      </div>
      <Field
        {...at}
        name="region"
        label="State or region (optional)"
        value={address.region ?? undefined}
        autocomplete="address-level1"
        maxlength={100}
      />
      <Select
        {...at}
        name="country"
        label="Country"
        value={address.country}
        autocomplete="country"
        options={countryOptions()}
        required
      />
    </>
  )
}

/** The fields' names in the order of an address's lines. */
export const LINE_FIELDS = Array.from({ length: ADDRESS_LINES }, (_, index) => `line-${index + 1}`)

/** An address as it is printed. */
export function AddressLines({ address }: { address: Address }) {
  const place = [address.postcode, address.city].join(' ')
  const parts = [address.name, ...address.lines, place, address.region, countryName(address.country)]
  return (
    <address>
      {parts
        .filter((part) => part)
        .map((part, index) => (
          <>
            {index > 0 && <br />}
            {part}
          </>
        ))}
    </address>
  )
}

export function Badge({ tone, children }: PropsWithChildren<{ tone: Tone }>) {
  return <span class={`badge ${tone}`}>{children}</span>
}

const NAMES = new Intl.DisplayNames('en', { type: 'region', fallback: 'code' })

function countryName(code: string): string {
  return /^[A-Z]{2}$/.test(code) ? (NAMES.of(code) ?? code) : code
}

let countries: { value: string; label: string }[] | undefined

function countryOptions(): { value: string; label: string }[] {
  countries ??= [...COUNTRIES]
    .map((code) => ({ value: code, label: countryName(code) }))
    .sort((one, other) => one.label.localeCompare(other.label, 'en'))
  return countries
}
