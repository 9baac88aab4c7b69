type Schema = {
  $ref?: string
  allOf?: Schema[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  type?: string | string[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  items?: Schema
}
export type Document = {
  paths: Record<string, { get?: { parameters?: { name: string }[] } }>
  webhooks: Record<string, { post: { requestBody: { content: { 'application/json': { schema: Schema } } } } }>
  components: { schemas: Record<string, Schema> }
}

/** Where a value and its schema part: members that the schema does not name, and members that it requires and are missing. */
export function differences(document: Document, schema: Schema, value: unknown, at = ''): string[] {
  if (schema.$ref) {
    const name = schema.$ref.split('/').at(-1) ?? ''
    return differences(document, document.components.schemas[name] ?? {}, value, at)
  }
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) {
    const found = choices.map((choice) => differences(document, choice, value, at))
    return found.sort((one, other) => one.length - other.length)[0] ?? []
  }
  if (schema.allOf) return differences(document, merged(document, schema), value, at)
  if (value === null) return [schema.type].flat().includes('null') ? [] : [`${at} is null`]
  if (Array.isArray(value))
    return value.flatMap((item, index) => differences(document, schema.items ?? {}, item, `${at}/${index}`))
  if (typeof value !== 'object') return []
  const { properties = {}, required = [], additionalProperties } = schema
  return [
    ...required.filter((name) => !(name in value)).map((name) => `${at}/${name} is missing`),
    ...Object.entries(value).flatMap(([name, member]) => {
      const known = properties[name]
      if (known) return differences(document, known, member, `${at}/${name}`)
      return additionalProperties ? [] : [`${at}/${name} is not named`]
    }),
  ]
}

function merged(document: Document, schema: Schema): Schema {
  const parts = [schema, ...(schema.allOf ?? [])].map((part) =>
    part.$ref ? (document.components.schemas[part.$ref.split('/').at(-1) ?? ''] ?? {}) : part,
  )
  return {
    type: 'object',
    properties: Object.assign({}, ...parts.map(({ properties }) => properties)) as Record<string, Schema>,
    required: parts.flatMap(({ required }) => required ?? []),
  }
}
