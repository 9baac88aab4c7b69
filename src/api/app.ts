import { randomUUID } from 'node:crypto'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { matchedRoutes } from 'hono/route'
import { Refusal } from '../domain/refusal.ts'
import { registerCustomOrderPage } from '../web/custom-order-page/routes.ts'
import { registerLeadPage } from '../web/lead-page/routes.ts'
import { registerOrderPage } from '../web/order-page/routes.ts'
import { registerPayPage } from '../web/pay-page/routes.ts'
import { registerProspectPage } from '../web/prospect-page/routes.ts'
import { registerTagPage } from '../web/tag-page/routes.ts'
import { faultsRefusal } from './faults.ts'
import type { Api, ApiEnv, ApiKit } from './kit.ts'
import { registerOpenApi } from './openapi.ts'
import { handleError } from './problem.ts'
import { limitRate } from './rate-limit.ts'
import { registerAllocations } from './routes/allocations.ts'
import { registerApiKeys } from './routes/api-keys.ts'
import { registerAttention } from './routes/attention.ts'
import { registerAvailability } from './routes/availability.ts'
import { registerBackOrders } from './routes/back-orders.ts'
import { registerCarrierWebhooks } from './routes/carrier-webhooks.ts'
import { registerCommodities } from './routes/commodities.ts'
import { registerConfigurations } from './routes/configurations.ts'
import { registerCustomOrders } from './routes/custom-orders.ts'
import { registerCustomers } from './routes/customers.ts'
import { registerDealerWebhooks } from './routes/dealer-webhooks.ts'
import { registerDealers } from './routes/dealers.ts'
import { registerDeliveries } from './routes/deliveries.ts'
import { registerDocs } from './routes/docs.ts'
import { registerForfeitures } from './routes/forfeitures.ts'
import { registerHealth } from './routes/health.ts'
import { registerHistories } from './routes/histories.ts'
import { registerInventoryUpdates } from './routes/inventory-updates.ts'
import { registerItems } from './routes/items.ts'
import { registerLeadDecisions } from './routes/lead-decisions.ts'
import { registerLeadStatuses } from './routes/lead-statuses.ts'
import { ADF_PATH, registerLeads } from './routes/leads.ts'
import { registerLinks } from './routes/links.ts'
import { registerLists } from './routes/lists.ts'
import { registerMatchRequests } from './routes/match-requests.ts'
import { registerMatchSearch } from './routes/match-search.ts'
import { registerMembers } from './routes/members.ts'
import { registerModelYears } from './routes/model-years.ts'
import { registerNotifications } from './routes/notifications.ts'
import { registerOrderBank } from './routes/order-bank.ts'
import { registerOrderPriorities } from './routes/order-priorities.ts'
import { registerOrderTerms } from './routes/order-terms.ts'
import { registerOrders } from './routes/orders.ts'
import { registerPaymentWebhooks } from './routes/payment-webhooks.ts'
import { registerPayments } from './routes/payments.ts'
import { registerPeriods } from './routes/periods.ts'
import { registerPlants } from './routes/plants.ts'
import { registerPostcodes } from './routes/postcodes.ts'
import { registerProcessorAnswers } from './routes/processor-answers.ts'
import { registerProcessorWebhooks } from './routes/processor-webhooks.ts'
import { registerProductionPeriods } from './routes/production-periods.ts'
import { registerPurchaseOrders } from './routes/purchase-orders.ts'
import { registerStockCounts } from './routes/stock-counts.ts'
import { registerStockOrders } from './routes/stock-orders.ts'
import { registerStockVehicles } from './routes/stock-vehicles.ts'
import { registerStorefronts } from './routes/storefronts.ts'
import { registerSupplierItems } from './routes/supplier-items.ts'
import { registerSupplierWebhooks } from './routes/supplier-webhooks.ts'
import { registerSuppliers } from './routes/suppliers.ts'
import { registerTags } from './routes/tags.ts'
import { registerVehicles } from './routes/vehicles.ts'
import { registerWebhookEndpoints } from './routes/webhook-endpoints.ts'

/** Largest request body, in bytes. */
const MAX_BODY = 1_000_000

/** The whole HTTP API (DESIGN §6). */
export function createApi(kit: ApiKit): Api {
  const app: Api = new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (result.success) return
      throw faultsRefusal(result.error, result.target === 'json' ? '' : `/${result.target}`)
    },
  })

  app.onError(handleError)
  app.notFound((c) => handleError(nothingThere(c), c))
  app.use(async (c, next) => {
    const requestId = randomUUID()
    c.set('requestId', requestId)
    c.set('publicUrl', kit.publicUrl)
    c.set('log', kit.log)
    c.header('x-request-id', requestId)
    c.header('cache-control', 'no-store')
    const start = performance.now()
    await next()
    kit.log.info(
      {
        request_id: requestId,
        method: c.req.method,
        // The pattern, never the path: a customer's link is in it.
        route: c.req.routePath,
        status: c.res.status,
        ms: Math.round(performance.now() - start),
        caller: c.var.caller?.actor,
      },
      'request',
    )
  })
  const limit = limitRate(kit.ratePerSecond)
  app.use('/v1/*', limit.byCaller)
  app.use('/v1/*', async (c, next) => {
    if (!hasRoute(matchedRoutes(c))) refuseOtherMethod(app, c)
    await next()
  })
  app.use(
    '/v1/*',
    bodyLimit({
      maxSize: MAX_BODY,
      onError: (c) => {
        // The rest of the body is not read, so the connection cannot be used again.
        c.header('connection', 'close')
        throw new Refusal('too-large', `A request may have at most ${MAX_BODY} bytes.`)
      },
    }),
  )
  app.use('/v1/*', async (c, next) => {
    if (c.req.method !== 'GET' && c.req.method !== 'DELETE' && c.req.path !== ADF_PATH)
      await refuseUnlessJson(c.req.header('content-type'), () => c.req.text())
    await next()
  })

  registerOrders(app, kit)
  registerBackOrders(app, kit)
  registerDeliveries(app, kit)
  registerPurchaseOrders(app, kit)
  registerInventoryUpdates(app, kit)
  registerCarrierWebhooks(app, kit)
  registerSupplierWebhooks(app, kit)
  registerLeads(app, kit)
  registerLeadStatuses(app, kit)
  registerLeadDecisions(app, kit)
  registerDealerWebhooks(app, kit)
  registerCustomOrders(app, kit)
  registerProcessorWebhooks(app, kit)
  registerProcessorAnswers(app, kit)
  registerForfeitures(app, kit)
  registerVehicles(app, kit)
  registerCustomers(app, kit)
  registerPayments(app, kit)
  registerPaymentWebhooks(app, kit)
  registerMatchSearch(app, kit)
  registerTags(app, kit)
  registerMatchRequests(app, kit)
  registerStockVehicles(app, kit)
  registerAvailability(app, kit)
  registerLists(app, kit)
  registerHistories(app, kit)
  registerConfigurations(app, kit)
  registerItems(app, kit)
  registerSuppliers(app, kit)
  registerSupplierItems(app, kit)
  registerDealers(app, kit)
  registerPostcodes(app, kit)
  registerStorefronts(app, kit)
  registerWebhookEndpoints(app, kit)
  registerApiKeys(app, kit)
  registerPeriods(app, kit)
  registerOrderTerms(app, kit)
  registerModelYears(app, kit)
  registerMembers(app, kit)
  registerAllocations(app, kit)
  registerCommodities(app, kit)
  registerOrderBank(app, kit)
  registerOrderPriorities(app, kit)
  registerPlants(app, kit)
  registerProductionPeriods(app, kit)
  registerStockOrders(app, kit)
  registerStockCounts(app, kit)
  registerLinks(app, kit)
  registerNotifications(app, kit)
  registerAttention(app, kit)
  registerOpenApi(app, kit)
  registerDocs(app)
  registerHealth(app, kit)
  registerOrderPage(app, kit, limit.byAddress)
  registerLeadPage(app, kit, limit.byAddress)
  registerCustomOrderPage(app, kit, limit.byAddress)
  registerTagPage(app, kit, limit.byAddress)
  registerProspectPage(app, kit, limit.byAddress)
  registerPayPage(app, kit, limit.byAddress)
  return app
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/** True when more than middleware is there for a request. */
function hasRoute(routes: { method: string }[]): boolean {
  return routes.some(({ method }) => method !== 'ALL')
}

function nothingThere(c: Context): Refusal {
  return new Refusal('not-found', `There is nothing at ${c.req.method} ${c.req.path}.`)
}

/** Says which methods there are instead, or that there is nothing. */
function refuseOtherMethod(app: Api, c: Context): never {
  const others = METHODS.filter((method) =>
    hasRoute(app.router.match(method, c.req.path)[0].map(([[, route]]) => route)),
  )
  if (others.length === 0) throw nothingThere(c)
  c.header('allow', others.join(', '))
  throw new Refusal('method-not-allowed', `There is ${others.join(', ')} at ${c.req.path}.`, {
    allowed_methods: others,
  })
}

/** Says where a body stops being JSON, before its content is looked at. */
async function refuseUnlessJson(contentType: string | undefined, text: () => Promise<string>): Promise<void> {
  if (!/^application\/json\s*(;|$)/i.test(contentType ?? '')) {
    throw new Refusal('unsupported-media-type', 'Send content-type: application/json.')
  }
  try {
    JSON.parse(await text())
  } catch {
    throw new Refusal('malformed-request', 'The body is not JSON.')
  }
}
