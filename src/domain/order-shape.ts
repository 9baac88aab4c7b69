import { z } from 'zod'
import { MAX_QUANTITY } from './order.ts'

/**
 * What orders are made of, as it comes in. Apart from the rules, because workflows use those: their code is evaluated
 * for each workflow, and to set up zod takes longer than all the rest of it.
 */
export const Sku = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'an item code is 1 to 64 letters, digits, dots, dashes or underscores',
  )
export const Quantity = z.int().min(1).max(MAX_QUANTITY)
