import { and, asc, eq, ne, sql } from 'drizzle-orm'
import { changesBetween, type Feature, type ModelYear, type Named, type Rule } from '../domain/model-year.ts'
import { Refusal } from '../domain/refusal.ts'
import type { Database, Transaction } from './database.ts'
import { recordEvent } from './event.ts'
import { featureRules, features, makes, modelLines, models, modelYears } from './schema.ts'

/** A model year as it is stored, with the day it is now in UTC by the database's clock. */
export type StoredModelYear = { modelYear: ModelYear; version: number; today: string; created_at: Date }

/** A model year without its features and rules, as lists show it. */
export type ModelYearRow = Omit<ModelYear, 'features' | 'rules'> & { version: number; today: string }

/** From here to the end of the transaction nobody else loads model years; reading them goes on. */
export async function lockModelYears(tx: Transaction): Promise<void> {
  await tx.execute(sql`LOCK TABLE ${modelYears} IN SHARE ROW EXCLUSIVE MODE`)
}

/** The id under which a make's model has this year already, if it is another one. */
export async function otherModelYear(tx: Transaction, given: ModelYear): Promise<string | undefined> {
  const [row] = await tx
    .select({ id: modelYears.id })
    .from(modelYears)
    .where(
      and(
        eq(modelYears.make, given.make.code),
        eq(modelYears.model, given.model.code),
        eq(modelYears.year, given.year),
        ne(modelYears.id, given.id),
      ),
    )
  return row?.id
}

/** Whose story the events of a model year tell. */
export function storyOf(id: string): string {
  return `model-year/${id}`
}

/** Stores a document with the event that says what it changed; one that changes nothing leaves no trace. */
export async function saveModelYear(
  tx: Transaction,
  given: ModelYear,
  before: StoredModelYear | undefined,
  actor: string,
): Promise<'created' | 'changed' | 'unchanged'> {
  const details = before ? changesBetween(before.modelYear, given) : {}
  if (!details) return 'unchanged'
  if (before) await replaceModelYear(tx, given)
  else await insertModelYear(tx, given)
  await recordEvent(tx, {
    number: storyOf(given.id),
    sequence: (before?.version ?? 0) + 1,
    type: before ? 'model_year.changed' : 'model_year.created',
    actor,
    from: null,
    to: null,
    details,
  })
  return before ? 'changed' : 'created'
}

async function insertModelYear(tx: Transaction, given: ModelYear): Promise<void> {
  await saveNames(tx, given)
  await tx.insert(modelYears).values(rowOf(given))
  await insertParts(tx, given)
}

/** Puts the document in the place of what is stored of this model year. */
async function replaceModelYear(tx: Transaction, given: ModelYear): Promise<void> {
  await saveNames(tx, given)
  const { id, ...set } = rowOf(given)
  await tx
    .update(modelYears)
    .set({ ...set, version: sql`${modelYears.version} + 1` })
    .where(eq(modelYears.id, id))
  await tx.delete(features).where(eq(features.model_year, id))
  await tx.delete(featureRules).where(eq(featureRules.model_year, id))
  await insertParts(tx, given)
  await refuseRemovedFeatures(tx, id)
}

/** What vehicles of dealers' stock have, or had, keeps its name: searches and tags speak of it. */
async function refuseRemovedFeatures(tx: Transaction, modelYear: string): Promise<void> {
  const rows = await tx.execute<{ code: string }>(sql`
    SELECT DISTINCT used.code FROM specifications s CROSS JOIN unnest(s.features) AS used (code)
     WHERE s.model_year = ${modelYear} AND s.stocked
       AND NOT EXISTS (SELECT 1 FROM features f WHERE f.model_year = s.model_year AND f.code = used.code) ORDER BY 1`)
  if (rows.length === 0) return
  const codes = rows.map(({ code }) => code)
  throw new Refusal(
    'still-in-use',
    `Dealers have vehicles with ${codes.join(', ')}: say until when it was sold instead.`,
    { features: codes },
  )
}

function rowOf(given: ModelYear): typeof modelYears.$inferInsert {
  return {
    id: given.id,
    make: given.make.code,
    model: given.model.code,
    year: given.year,
    model_line: given.model_line.code,
    currency: given.currency,
    base_price_minor: given.base_price,
    from_day: given.from,
    until_day: given.until,
  }
}

/** Makes, models and model lines are shared by their model years: the name that was loaded last counts. */
async function saveNames(tx: Transaction, { make, model, model_line }: ModelYear): Promise<void> {
  const set = { name: sql`excluded.name` }
  await tx.insert(makes).values(make).onConflictDoUpdate({ target: makes.code, set })
  await tx
    .insert(models)
    .values({ make: make.code, ...model })
    .onConflictDoUpdate({ target: [models.make, models.code], set })
  await tx.insert(modelLines).values(model_line).onConflictDoUpdate({ target: modelLines.code, set })
}

async function insertParts(tx: Transaction, { id, ...given }: ModelYear): Promise<void> {
  await tx.insert(features).values(
    given.features.map(({ price, from, until, ...feature }, place) => ({
      model_year: id,
      place,
      ...feature,
      price_minor: price,
      from_day: from,
      until_day: until,
    })),
  )
  if (given.rules.length === 0) return
  await tx.insert(featureRules).values(
    given.rules.map(({ from, until, ...rule }, place) => ({
      model_year: id,
      place,
      ...rule,
      from_day: from,
      until_day: until,
    })),
  )
}

/** The codes of the model lines that there are. */
export async function knownModelLines(tx: Transaction): Promise<Set<string>> {
  const rows = await tx.select({ code: modelLines.code }).from(modelLines)
  return new Set(rows.map(({ code }) => code))
}

/** The codes of the features of those of these model years that are there. */
export async function knownFeatures(tx: Transaction, ids: string[]): Promise<Map<string, Set<string>>> {
  const rows = await tx.execute<{ id: string; codes: string[] }>(sql`
    SELECT y.id, (SELECT jsonb_agg(f.code) FROM features f WHERE f.model_year = y.id) AS codes FROM model_years y
     WHERE y.id IN (SELECT value FROM jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`)
  return new Map(rows.map(({ id, codes }) => [id, new Set(codes)]))
}

const head = {
  id: modelYears.id,
  make: sql<Named>`jsonb_build_object('code', ${makes.code}, 'name', ${makes.name})`,
  model: sql<Named>`jsonb_build_object('code', ${models.code}, 'name', ${models.name})`,
  year: modelYears.year,
  model_line: sql<Named>`jsonb_build_object('code', ${modelLines.code}, 'name', ${modelLines.name})`,
  currency: modelYears.currency,
  base_price: modelYears.base_price_minor,
  from: modelYears.from_day,
  until: modelYears.until_day,
  version: modelYears.version,
  today: sql<string>`(now() AT TIME ZONE 'UTC')::date::text`,
}

/** In one statement: a change that comes between could otherwise be seen in part. */
export async function readModelYear(
  db: Database | Transaction,
  id: string,
): Promise<StoredModelYear | undefined> {
  const [row] = await db
    .select({
      ...head,
      created_at: modelYears.created_at,
      features: sql<Feature[]>`(
        SELECT jsonb_agg(jsonb_build_object('code', f.code, 'kind', f.kind, 'name', f.name, 'price', f.price_minor,
                                            'from', f.from_day, 'until', f.until_day) ORDER BY f.place)
          FROM features f WHERE f.model_year = ${id})`,
      rules: sql<Rule[]>`(
        SELECT COALESCE(jsonb_agg(jsonb_build_object('kind', r.kind, 'subject', r.subject, 'objects', r.objects, 'words', r.words,
                                                     'from', r.from_day, 'until', r.until_day) ORDER BY r.place), '[]')
          FROM feature_rules r WHERE r.model_year = ${id})`,
    })
    .from(modelYears)
    .innerJoin(makes, eq(makes.code, modelYears.make))
    .innerJoin(models, and(eq(models.make, modelYears.make), eq(models.code, modelYears.model)))
    .innerJoin(modelLines, eq(modelLines.code, modelYears.model_line))
    .where(eq(modelYears.id, id))
  if (!row) return undefined
  const { version, today, created_at, ...modelYear } = row
  return { modelYear, version, today, created_at }
}

/** The model years after this id, in the order of their ids: all, or those that are sold today. */
export async function listModelYears(
  db: Database,
  { after, limit, onlySold }: { after: string; limit: number; onlySold: boolean },
): Promise<ModelYearRow[]> {
  return db
    .select(head)
    .from(modelYears)
    .innerJoin(makes, eq(makes.code, modelYears.make))
    .innerJoin(models, and(eq(models.make, modelYears.make), eq(models.code, modelYears.model)))
    .innerJoin(modelLines, eq(modelLines.code, modelYears.model_line))
    .where(
      and(
        sql`${modelYears.id} > ${after}`,
        onlySold
          ? sql`(now() AT TIME ZONE 'UTC')::date BETWEEN COALESCE(${modelYears.from_day}, '-infinity') AND COALESCE(${modelYears.until_day}, 'infinity')`
          : undefined,
      ),
    )
    .orderBy(asc(modelYears.id))
    .limit(limit)
}
